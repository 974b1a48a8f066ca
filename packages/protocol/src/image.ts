/** Images that were inspected: what is stored of them, by digest, and the operations on it. */
import { z } from 'zod';

import { projectName } from './access.ts';
import { line, page, paging, queryBoolean, queryList, timestamp } from './fields.ts';
import { inspection, inspectionRequest } from './inspection-task.ts';
import { verdict, verdictState } from './inspection/coverage.ts';
import { reportDifference } from './inspection/difference.ts';
import { packageType } from './inspection/fact.ts';
import { findingClass, severity } from './inspection/finding.ts';
import {
  digest,
  inspectionReport,
  placedFile,
  placedFinding,
  placedPackage,
} from './inspection/report.ts';
import { limits } from './limits.ts';
import { defineOperation } from './operation.ts';

/** How many findings there are of each severity. */
export const severityCounts = z.object({
  critical: z.number().int(),
  high: z.number().int(),
  medium: z.number().int(),
  low: z.number().int(),
  info: z.number().int(),
});
export type SeverityCounts = z.output<typeof severityCounts>;

export const image = z.object({
  /** Of the manifest; of the configuration where an engine knows no manifest. */
  digest,
  project: projectName,
  /** Names under which it was met, the latest first. */
  names: z.array(z.string()),
  /** `linux/arm64/v8` */
  platform: z.string().nullable(),
  /** `Debian GNU/Linux 13 (trixie)` */
  distribution: z.string().nullable(),
  verdict: verdictState,
  layers: z.number().int(),
  packages: z.number().int(),
  /** Files of both views. */
  files: z.number().int(),
  findings: severityCounts,
  /** Stored bytes of the layers. */
  sizeBytes: z.number().int(),
  inspectedAt: timestamp,
});
export type Image = z.output<typeof image>;

const { shape } = inspectionReport;

/** The report without its long lists, which have operations of their own. */
export const imageDetail = image.omit({ verdict: true, layers: true, distribution: true }).extend({
  source: shape.source,
  image: shape.image,
  layers: shape.layers,
  distribution: shape.distribution,
  /** Lists are cut at `imageListItems`. */
  users: shape.users,
  passwords: shape.passwords,
  groups: shape.groups,
  unknowns: shape.unknowns,
  special: shape.special,
  unowned: shape.unowned,
  coverage: shape.coverage,
  verdict,
  fingerprint: shape.fingerprint,
  /** Id of the inspection that it is from. */
  inspection: z.string(),
});
export type ImageDetail = z.output<typeof imageDetail>;

/** A file as a tree shows it. */
export const imageFile = placedFile.extend({
  name: z.string(),
  /** Whether something lies below it: a directory, or an archive that was looked into. */
  hasChildren: z.boolean(),
  /** No entry of its own: known from the paths below it. */
  implied: z.boolean(),
});
export type ImageFile = z.output<typeof imageFile>;

export const reportFormats = ['json', 'cyclonedx', 'spdx', 'sarif'] as const;

/** Where something was found, and what. */
export const searchHit = z.object({
  kind: z.enum(['file', 'package', 'finding']),
  image: digest,
  project: projectName,
  names: z.array(z.string()),
  platform: z.string().nullable(),
  layer: z.number().int().nullable(),
  /** Index of the layer that hides it. */
  hiddenBy: z.number().int().nullable(),
  path: z.string().nullable(),
  file: placedFile
    .pick({ type: true, sizeBytes: true, mode: true, sha256: true, sha1: true, md5: true })
    .nullable(),
  package: placedPackage.pick({ type: true, name: true, version: true, purl: true }).nullable(),
  finding: placedFinding
    .pick({ scanner: true, class: true, severity: true, rule: true, title: true })
    .nullable(),
});
export type SearchHit = z.output<typeof searchHit>;

/** An image by its digest or by the first six digits of it or more, as lists show them. */
const digestStart: z.ZodType<string, string> = z
  .string()
  .regex(
    /^(?:[a-z0-9]+(?:[+._-][a-z0-9]+)*:)?[0-9a-f]{6,128}$/i,
    'expected a digest, or at least 6 hexadecimal digits of its beginning',
  )
  .transform((text) => (text.includes(':') ? text : `sha256:${text}`).toLowerCase());

const byDigest = z.object({ digest: digestStart });
const inProject = { project: projectName.optional() } as const;
/** Long enough for the position in a list of paths. */
const longPaging = { ...paging, cursor: z.string().max(limits.imageCursorChars).optional() };
const treePath = z.string().max(limits.pathBytes);

export const images = {
  inspect: defineOperation({
    name: 'images.inspect',
    method: 'POST',
    path: '/api/v1/inspections',
    summary: 'Ask for the inspection of an image; it runs on its own, the answer comes at once',
    description:
      'An `Idempotency-Key` header makes a repeated request answer with the first inspection. ' +
      'While the same reference and platform wait in the project, they are not queued again. ' +
      'An image whose report is as good as a new one is answered from the store, unless forced.',
    access: 'images.inspect',
    status: 202,
    body: inspectionRequest,
    output: inspection,
    errors: ['invalid_reference', 'not_found', 'idempotency_conflict', 'too_many_requests'],
  }),
  list: defineOperation({
    name: 'images.list',
    method: 'GET',
    path: '/api/v1/images',
    summary: 'List images that were inspected, the latest first',
    access: 'images.read',
    query: z.object({
      ...paging,
      ...inProject,
      /** Part of a name, or the beginning of a digest. */
      text: line(limits.textFilterChars).optional(),
      verdict: queryList(verdictState).optional(),
    }),
    output: page(image),
    cli: {
      command: 'images list',
      columns: ['digest', 'names', 'platform', 'verdict', 'packages', 'findings', 'inspectedAt'],
    },
  }),
  show: defineOperation({
    name: 'images.show',
    method: 'GET',
    path: '/api/v1/images/:digest',
    summary: 'One image: its layers, distribution, coverage and verdict',
    access: 'images.read',
    params: byDigest,
    query: z.object(inProject),
    output: imageDetail,
    errors: ['not_found'],
    cli: { command: 'images show' },
  }),
  packages: defineOperation({
    name: 'images.packages',
    method: 'GET',
    path: '/api/v1/images/:digest/packages',
    summary: 'Packages of an image by name',
    access: 'images.read',
    params: byDigest,
    query: z.object({
      ...paging,
      ...inProject,
      /** Part of the name. */
      text: line(limits.textFilterChars).optional(),
      type: queryList(packageType).optional(),
      /** Also what later layers removed. */
      hidden: queryBoolean.default(false),
    }),
    output: page(placedPackage),
    errors: ['not_found'],
    cli: {
      command: 'images packages',
      columns: ['purl', 'name', 'version', 'type', 'state', 'layer', 'path'],
    },
  }),
  files: defineOperation({
    name: 'images.files',
    method: 'GET',
    path: '/api/v1/images/:digest/files',
    summary: 'Files of one directory of an image, as a tree is opened',
    access: 'images.read',
    params: byDigest,
    query: z.object({
      ...longPaging,
      ...inProject,
      /** The directory: `usr/lib`, `app.jar!`; the root unless given. */
      parent: treePath.default(''),
      /** What the container sees; one layer; what later layers hide. */
      view: z.enum(['merged', 'layer', 'hidden']).default('merged'),
      /** Index of the layer, for the view of one. */
      layer: z.coerce.number().int().min(0).max(limits.layersPerImage).default(0),
    }),
    output: page(imageFile),
    errors: ['not_found'],
    cli: {
      command: 'images files',
      columns: ['path', 'type', 'mode', 'sizeBytes', 'layer', 'hiddenBy', 'sha256'],
    },
  }),
  findings: defineOperation({
    name: 'images.findings',
    method: 'GET',
    path: '/api/v1/images/:digest/findings',
    summary: 'Findings against an image, the worst first',
    access: 'images.read',
    params: byDigest,
    query: z.object({
      ...paging,
      ...inProject,
      severity: queryList(severity).optional(),
      class: queryList(findingClass).optional(),
      scanner: line(limits.nameChars).optional(),
    }),
    output: page(placedFinding),
    errors: ['not_found'],
    cli: {
      command: 'images findings',
      columns: ['rule', 'severity', 'class', 'scanner', 'title', 'path', 'layer', 'hiddenBy'],
    },
  }),
  report: defineOperation({
    name: 'images.report',
    method: 'GET',
    path: '/api/v1/images/:digest/report',
    summary: 'Download the report as JSON, CycloneDX, SPDX or SARIF',
    access: 'images.read',
    params: byDigest,
    query: z.object({ ...inProject, format: z.enum(reportFormats).default('json') }),
    outputKind: 'bytes',
    errors: ['not_found'],
  }),
  compare: defineOperation({
    name: 'images.compare',
    method: 'GET',
    path: '/api/v1/images/:digest/differences/:other',
    summary: 'What lies between two images: layers, packages, files, findings, configuration',
    access: 'images.read',
    params: z.object({ digest: digestStart, other: digestStart }),
    query: z.object({
      ...inProject,
      /** Whether files are compared too. */
      files: queryBoolean.default(false),
    }),
    output: reportDifference,
    errors: ['not_found'],
    cli: { command: 'images compare' },
  }),
  remove: defineOperation({
    name: 'images.remove',
    method: 'DELETE',
    path: '/api/v1/images/:digest',
    summary: 'Forget what is stored of an image in a project',
    access: 'images.manage',
    params: byDigest,
    query: z.object(inProject),
    errors: ['not_found'],
    cli: { command: 'images remove', confirm: true },
  }),
} as const;

/** Digests are compared without regard to case; the name of the algorithm may stand before. */
function hexDigest(algorithm: string, chars: number): z.ZodType<string, string> {
  return z
    .string()
    .regex(
      new RegExp(`^(?:${algorithm}:)?[0-9a-f]{${chars}}$`, 'i'),
      `expected ${chars} hexadecimal characters`,
    )
    .transform((text) => text.slice(-chars).toLowerCase());
}

export const searches = {
  run: defineOperation({
    name: 'search.run',
    method: 'GET',
    path: '/api/v1/search',
    summary: 'Find files by digest or path, packages by name, findings by rule, in all images',
    description: 'Exactly one of `sha256`, `sha1`, `md5`, `path`, `package` and `rule`.',
    access: 'images.read',
    query: z.object({
      ...paging,
      ...inProject,
      sha256: hexDigest('sha256', 64).optional(),
      sha1: hexDigest('sha1', 40).optional(),
      md5: hexDigest('md5', 32).optional(),
      /** The beginning of a path: `etc/ssh/`, `usr/bin/curl`. */
      path: z.string().min(1).max(limits.pathBytes).optional(),
      /** The whole name of a package, or its purl, with or without a version. */
      package: z.string().min(1).max(limits.packageNameChars).optional(),
      /** The whole name of a rule, signature or advisory: `CVE-2024-3094`. */
      rule: z.string().min(1).max(limits.packageNameChars).optional(),
    }),
    output: page(searchHit),
    cli: {
      command: 'search',
      columns: [
        'image',
        'names',
        'kind',
        'path',
        'layer',
        'hiddenBy',
        'package.purl',
        'finding.rule',
      ],
    },
  }),
} as const;
