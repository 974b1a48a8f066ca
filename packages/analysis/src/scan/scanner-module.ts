/**
 * A scanner as a part of the product: what it looks for, and how it is created from its settings.
 * Each scanner is a folder whose `capabilities.ts` exports a module, and `scanner-modules.ts` lists
 * them. Scanners are created from that list and nowhere else, so that a scanner without a
 * description does not exist. The documentation shows it; `capabilities.test.ts` compares it with
 * the scanner.
 */
import type { FindingClass, ScannerSettings } from '@lazaret/protocol';

import type { Scanner, ScanSubject } from './scanner.ts';

export interface ScannerModule {
  readonly capabilities: ScannerCapabilities;
  /**
   * The scanner of settings that configure it. When it throws, a scanner is used in its place that
   * is unhealthy for that reason.
   */
  readonly create: (settings: GivenScannerSettings, surroundings: ScannerSurroundings) => Scanner;
}

/** Settings that are not given configure nothing. */
export type GivenScannerSettings = Partial<ScannerSettings>;

export interface ScannerSurroundings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Texts are sentences or clauses of the documentation. */
export interface ScannerCapabilities {
  readonly title: string;
  readonly looksFor: string;
  /** Classes of its findings; `any` where rules choose the class. */
  readonly finds: readonly FindingClass[] | 'any';
  /** Which files it examines. */
  readonly files: string;
  readonly examples: {
    /** Files that it examines. */
    readonly examined: readonly FileExample[];
    /** Files that do not concern it. */
    readonly skipped: readonly FileExample[];
  };
  /** Larger files are a gap; undefined where the size does not matter. */
  readonly maxFileBytes: number | undefined;
  /** Where signatures, rules or lists come from. */
  readonly signatures: string;
  /** When signatures are outdated, and what happens then. */
  readonly freshness: string;
  /** What it does not find or examine, one sentence each. */
  readonly gaps: readonly string[];
}

/** What decides whether a file concerns a scanner. */
export type FileExample = Pick<ScanSubject, 'path' | 'kind'> &
  Partial<Pick<ScanSubject, 'mode' | 'sizeBytes'>>;
