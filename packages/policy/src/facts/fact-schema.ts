/**
 * What the conditions of policies see: one schema, composed of the schemas of an inspection report,
 * so that a new field of a report is a new field here. The catalogue of variables, the type check
 * and the documentation are derived from it.
 */
import {
  coverage,
  diagnostic,
  distributionFact,
  imageConfig,
  inspectionReport,
  placedFile,
  placedFinding,
  placedPackage,
  platform,
  reportLayer,
  scannerCoverage,
  scriptOutcome,
  severity,
  verdict,
} from '@lazaret/protocol';
import { z } from 'zod';

const report = inspectionReport.shape;

const image = z.object({
  reference: z.string().describe('Reference as requested'),
  source: report.source.shape.kind.describe('Kind of the source'),
  resolved: report.source.shape.resolved,
  names: z.array(z.string()),
  digest: z.string().optional().describe('Digest of the manifest'),
  indexDigest: z.string().optional(),
  configDigest: z.string().optional(),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  platform: platform.optional(),
  config: imageConfig
    .extend({
      created: z.iso.datetime().optional().describe('Creation time, if the image has a valid one'),
    })
    .optional(),
});

const policyFinding = placedFinding.extend({
  id: z
    .string()
    .describe('ID for exceptions: scanner, rule, and what the finding is about; see below'),
});

export const policyVulnerability = z.object({
  id: z.string().describe('ID of the advisory'),
  finding: z.string().describe('ID of the finding'),
  severity,
  cves: z.array(z.string()),
  aliases: z.array(z.string()).describe('Other IDs of the same vulnerability'),
  purl: z.string().optional(),
  installed: z.string().optional().describe('Installed version'),
  fixed: z.string().optional().describe('First fixed version; empty if there is no fix'),
  score: z.number().optional().describe('CVSS base score'),
  title: z.string(),
  path: z.string().optional(),
  layer: z.number().int().optional(),
  hiddenBy: z.number().int().optional(),
});

export const policyScript = z.object({
  name: z.string().describe('Name of the script, with its ending'),
  outcome: scriptOutcome.describe('Only `succeeded` says that it ran to its end and exited with 0'),
  exitCode: z.number().int().optional().describe('Absent if it was not started'),
  stdout: z.string().describe('Start of standard output, as text'),
  output: z
    .unknown()
    .optional()
    .describe('The parsed output; absent unless it is JSON or YAML as declared'),
  limitsReached: z.array(z.string()).describe('Limits that it reached; the output is incomplete'),
  disagreements: z
    .number()
    .int()
    .describe('Packages in its output that differ from the inventory, or the other way round'),
});

const context = z.object({
  registry: z.string().optional().describe('Host of the registry, with its port if it has one'),
  registryName: z.string().optional().describe('Name under which a server watches the registry'),
  repository: z.string().optional(),
  tag: z.string().optional(),
  tags: z.array(z.string()).optional().describe('All tags of the image in its repository'),
  digest: z.string().optional().describe('Digest of the manifest'),
  labels: z.record(z.string(), z.string()).optional().describe('Labels of the image'),
});

export const policyFacts = z.object({
  image: image.describe('The image, with its configuration'),
  context: context.describe('Where the image was found'),
  now: z.iso.datetime().describe('Time of the evaluation'),
  verdict: verdict.describe('Verdict of the inspection, without the findings of exceptions'),
  findings: z.array(policyFinding).describe('Findings of all scanners and checks'),
  vulnerabilities: z
    .array(policyVulnerability)
    .describe('The findings of class `vulnerability`, with their details as fields'),
  packages: z.array(placedPackage).describe('Installed, declared and removed packages'),
  files: z
    .array(placedFile)
    .optional()
    .describe('All files, visible and hidden, if the report lists them (`inspect --files`)'),
  special: report.special.describe(
    'Notable files: setuid, setgid, capabilities, world-writable, devices',
  ),
  unowned: report.unowned.describe('Visible files that no package owns'),
  users: report.users.describe('Accounts'),
  passwords: report.passwords.describe('States of passwords in shadow files'),
  groups: report.groups.describe('Groups of accounts'),
  distribution: distributionFact.optional().describe('The Linux distribution'),
  layers: z.array(reportLayer).describe('Layers, the lowest first'),
  coverage: coverage.describe('What was examined and what was not'),
  scanners: z.array(scannerCoverage).describe('The scanners that ran: health and freshness'),
  diagnostics: z.array(diagnostic).describe('Notes and warnings of the inspection'),
  scripts: z
    .array(policyScript)
    .optional()
    .describe('Results of collector scripts in the image, which only a server has'),
});
export type PolicyFacts = z.output<typeof policyFacts>;
export type PolicyFinding = z.output<typeof policyFinding>;
export type PolicyScript = z.output<typeof policyScript>;
export type PolicyVulnerability = z.output<typeof policyVulnerability>;
export type PolicyContext = z.output<typeof context>;
