/** The part of SARIF 2.1.0 that is written, field by field as the standard has it; closed. */
import { z } from 'zod';

const message = z.strictObject({ text: z.string().min(1) });
const level = z.enum(['none', 'note', 'warning', 'error']);
/** RFC 3986: nothing unescaped, and neither scheme nor host. */
const uri = z.string().regex(/^(?:[A-Za-z0-9._~!*'()-]|%[0-9A-F]{2}|(?<=[^/])\/(?=[^/]))+$/);
const bag = z.record(z.string(), z.unknown());

const physicalLocation = z.strictObject({
  artifactLocation: z.strictObject({ uri, index: z.int().min(0).optional() }),
  region: z
    .union([
      z.strictObject({ startLine: z.int().min(1) }),
      z.strictObject({ byteOffset: z.int().min(0) }),
    ])
    .optional(),
});

const sarifRun = z.strictObject({
  tool: z.strictObject({
    driver: z.strictObject({
      name: z.string().min(1),
      version: z.string(),
      rules: z.array(
        z.strictObject({
          id: z.string(),
          shortDescription: message,
          helpUri: z.url().optional(),
          defaultConfiguration: z.strictObject({ level }),
          properties: bag,
        }),
      ),
    }),
  }),
  automationDetails: z.strictObject({ id: z.string(), guid: z.uuid() }),
  invocations: z.array(
    z.strictObject({
      executionSuccessful: z.boolean(),
      endTimeUtc: z.iso.datetime().optional(),
      toolExecutionNotifications: z.array(
        z.strictObject({
          level,
          message,
          descriptor: z.strictObject({ id: z.string() }),
          locations: z.array(z.strictObject({ physicalLocation })).optional(),
          properties: bag,
        }),
      ),
    }),
  ),
  artifacts: z
    .array(
      z.strictObject({
        location: z.strictObject({ uri }),
        hashes: z.strictObject({ 'sha-256': z.string() }).optional(),
        properties: bag.optional(),
      }),
    )
    .optional(),
  columnKind: z.literal('utf16CodeUnits'),
  results: z.array(
    z.strictObject({
      ruleId: z.string(),
      ruleIndex: z.int().min(0),
      level,
      message,
      locations: z
        .array(
          z.strictObject({
            physicalLocation,
            logicalLocations: z
              .array(
                z.strictObject({
                  name: z.string(),
                  kind: z.literal('layer'),
                  fullyQualifiedName: z.string().optional(),
                }),
              )
              .optional(),
          }),
        )
        .length(1),
      partialFingerprints: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
      properties: bag,
    }),
  ),
  properties: bag,
});

export const sarifShape = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.array(sarifRun),
});
