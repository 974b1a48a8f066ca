import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { arbitraryReport, hostileTexts } from '../testing/arbitrary-report.ts';
import { sampleReport } from '../testing/report-sample.ts';
import { toSarif } from './sarif.ts';
import { checkSarif } from './testing/check-format.ts';

interface Place {
  readonly physicalLocation: {
    readonly artifactLocation: { readonly uri: string; readonly index?: number };
    readonly region?: object;
  };
  readonly logicalLocations?: readonly { readonly fullyQualifiedName?: string }[];
}

interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly invocations: readonly {
      readonly executionSuccessful: boolean;
      readonly endTimeUtc?: string;
      readonly toolExecutionNotifications: readonly {
        readonly message: { readonly text: string };
        readonly locations?: readonly Place[];
      }[];
    }[];
    readonly artifacts?: readonly { readonly location: { readonly uri: string } }[];
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly Place[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
      readonly properties: Readonly<Record<string, unknown>>;
    }[];
  }[];
}

function toLog(...[reports, options]: Parameters<typeof toSarif>): Log {
  return checkSarif(JSON.parse(JSON.stringify(toSarif(reports, options))) as Log);
}

/** Every reference to a file. */
function urisOf({ artifacts = [], invocations, results }: Log['runs'][number]): string[] {
  const notes = invocations.flatMap((one) => one.toolExecutionNotifications);
  const places = [...results, ...notes].flatMap(({ locations = [] }) => locations);
  const named = places.map(({ physicalLocation }) => physicalLocation.artifactLocation.uri);
  return [...artifacts.map(({ location }) => location.uri), ...named];
}

describe('a SARIF log', () => {
  it('has every finding, including malware, with its rule, layer and file', () => {
    const [run] = toLog([sampleReport()]).runs;
    expect(run?.results.map(({ ruleId }) => ruleId)).toEqual([
      'clamav/Eicar-Test-Signature',
      'yara/webshell',
      'secrets/private-key',
      'vulnerabilities/CVE-2026-0001',
      'image/root-user',
    ]);
    const [eicar, shell, , , root] = run?.results ?? [];
    expect(eicar?.message.text).toContain('layer 1, hidden by layer 2');
    expect(eicar?.level).toBe('error');
    const [place] = shell?.locations ?? [];
    expect(place?.physicalLocation).toMatchObject({
      artifactLocation: { uri: 'opt/app/a.zip!/shell.php' },
      region: { startLine: 3 },
    });
    expect(place?.logicalLocations?.[0]?.fullyQualifiedName).toMatch(/^sha256:/);
    const [whole] = root?.locations ?? [];
    expect(whole?.physicalLocation.artifactLocation.uri).toBe('registry.example/shop/app%3A1.2');
  });

  it('reports gaps, so that a partial scan is not a successful run', () => {
    const [run] = toLog([sampleReport()]).runs;
    const [invocation] = run?.invocations ?? [];
    expect(invocation?.executionSuccessful).toBe(false);
    expect(invocation?.toolExecutionNotifications[0]?.message.text).toContain('too_large');
  });

  it('gives a finding the same fingerprint in another layer and under other signatures', () => {
    const report = sampleReport();
    const moved = report.findings.map((one) => ({ ...one, layer: 2, signatures: 'new' }));
    const prints = (runs: Log['runs']): unknown[] =>
      runs.flatMap(({ results }) => results.map((one) => one.partialFingerprints));
    const first = prints(toLog([report]).runs);
    expect(prints(toLog([{ ...report, findings: moved }]).runs)).toEqual(first);
    expect(new Set(first.map((one) => JSON.stringify(one))).size).toBe(first.length);
  });

  it('has a run for each platform', () => {
    const timestamp = '2026-01-02T03:04:05Z';
    const { runs } = toLog([sampleReport(), sampleReport()], { timestamp });
    expect(runs).toHaveLength(2);
    expect(runs[0]?.invocations[0]?.endTimeUtc).toBe(timestamp);
  });

  it.each(hostileTexts)('shows %j as text', (text) => {
    const [finding] = sampleReport().findings;
    const report = sampleReport({
      findings: [{ ...finding!, path: text, title: text, rule: text }],
    });
    const [run] = toLog([report]).runs;
    const [result] = run?.results ?? [];
    expect(result?.message.text).not.toMatch(
      /(?<!\\)\]\(|(?<!\{)\{\d\}(?!\})|[\p{Cc}\p{Cf}\p{Cs}]/u,
    );
    expect(result?.properties['path']).toBe(text);
  });

  it('is valid for any report: every finding once, and no dangling reference', () => {
    // RFC 3986: nothing unescaped, and neither scheme nor host
    const relative = /^(?:[\w.~!*'()-]|%[0-9A-F]{2}|(?<=[^/])\/(?=[^/]))+$/;
    fc.assert(
      fc.property(arbitraryReport(), (report) => {
        const [run] = toLog([report]).runs;
        const { results = [], artifacts = [], tool } = run ?? {};
        for (const uri of run === undefined ? [] : urisOf(run)) {
          expect(uri).toMatch(relative);
          expect(uri.split('/')).not.toContain('..');
        }
        expect(results).toHaveLength(report.findings.length);
        const rules = tool?.driver.rules ?? [];
        expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
        for (const { ruleId, ruleIndex, locations } of results) {
          expect(rules[ruleIndex]?.id).toBe(ruleId);
          const { uri, index } = locations[0]!.physicalLocation.artifactLocation;
          if (index !== undefined) expect(artifacts[index]?.location.uri).toBe(uri);
        }
      }),
      { numRuns: 30 },
    );
  });
});
