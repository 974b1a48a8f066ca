/**
 * The part of SPDX 2.3 that is written, field by field as in the named sections of the
 * specification; closed, so that an unknown field is an error.
 */
import { PackageURL } from 'packageurl-js';
import { z } from 'zod';

import { readLicenseExpression } from '../license-expression.ts';

const id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/);
const licenseId = z.string().regex(/^LicenseRef-[A-Za-z0-9.-]+$/);
const noAssertion = z.literal('NOASSERTION');
const line = z.string().regex(/^[^\n\v\f\r\u0085\u2028\u2029]+$/);
const lines = z.string();
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));

/** 7.10, 8.4 */
const checksum = z.discriminatedUnion('algorithm', [
  z.strictObject({ algorithm: z.literal('SHA1'), checksumValue: hex(40) }),
  z.strictObject({ algorithm: z.literal('SHA256'), checksumValue: hex(64) }),
  z.strictObject({ algorithm: z.literal('MD5'), checksumValue: hex(32) }),
]);

/** 7.21 and Annex F: a locator has no spaces, and is one of its type. */
const externalRef = z.strictObject({
  referenceCategory: z.literal('PACKAGE-MANAGER'),
  referenceType: z.literal('purl'),
  referenceLocator: z
    .string()
    .regex(/^\S+$/)
    .refine((text) => PackageURL.fromString(text)),
});

/** 7.8, 7.9: a package has a verification code when its files are reported, and only then. */
const analyzed = z.union([
  z.object({
    filesAnalyzed: z.literal(true),
    packageVerificationCode: z.strictObject({ packageVerificationCodeValue: hex(40) }),
  }),
  z.object({ filesAnalyzed: z.literal(false), packageVerificationCode: z.undefined().optional() }),
]);

const spdxPackage = z
  .strictObject({
    SPDXID: id,
    name: line,
    versionInfo: line.optional(),
    supplier: z.union([noAssertion, line.startsWith('Organization: ')]).optional(),
    downloadLocation: noAssertion,
    filesAnalyzed: z.boolean(),
    packageVerificationCode: z.unknown().optional(),
    checksums: z.array(checksum).optional(),
    sourceInfo: lines.optional(),
    licenseConcluded: noAssertion,
    licenseDeclared: z.union([
      noAssertion,
      z.string().refine((text) => readLicenseExpression(text) === text),
    ]),
    copyrightText: noAssertion,
    summary: lines.optional(),
    comment: lines.optional(),
    externalRefs: z.array(externalRef).optional(),
    primaryPackagePurpose: z.enum(['CONTAINER', 'ARCHIVE', 'OPERATING_SYSTEM', 'OTHER']).optional(),
  })
  .and(analyzed);

const spdxFile = z.strictObject({
  SPDXID: id,
  fileName: z.string().startsWith('./'),
  checksums: z
    .array(checksum)
    .refine((all) => all.filter(({ algorithm }) => algorithm === 'SHA1').length === 1),
  licenseConcluded: noAssertion,
  copyrightText: noAssertion,
  comment: lines,
});

/** 10 */
const extractedLicense = z.strictObject({
  licenseId,
  extractedText: z.string().min(1),
  name: line,
});

const document = z.strictObject({
  spdxVersion: z.literal('SPDX-2.3'),
  dataLicense: z.literal('CC0-1.0'),
  SPDXID: z.literal('SPDXRef-DOCUMENT'),
  name: line,
  documentNamespace: z.url().regex(/^[^#]+$/),
  comment: lines,
  creationInfo: z.strictObject({
    created: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
    creators: z.array(line.startsWith('Tool: ')).min(1),
  }),
  packages: z.array(spdxPackage),
  files: z.array(spdxFile).optional(),
  hasExtractedLicensingInfos: z.array(extractedLicense).optional(),
  relationships: z.array(
    z.strictObject({
      spdxElementId: id,
      relationshipType: z.enum(['DESCRIBES', 'CONTAINS', 'DEPENDS_ON']),
      relatedSpdxElement: id,
    }),
  ),
});

export type SpdxShape = z.output<typeof document>;

/**
 * The document as a whole: identifiers are unique (6.3, 7.2, 8.2, 10.1) and references are valid.
 */
export const spdxShape: z.ZodType<SpdxShape> = document.superRefine((whole, context) => {
  const { packages, files = [], hasExtractedLicensingInfos = [], relationships } = whole;
  const elements = [whole, ...packages, ...files].map(({ SPDXID }) => SPDXID);
  const licenses = hasExtractedLicensingInfos.map((one) => one.licenseId);
  const declared = packages.flatMap(
    ({ licenseDeclared }) => licenseDeclared.match(licenseRef) ?? [],
  );
  const related = relationships.flatMap((one) => [one.spdxElementId, one.relatedSpdxElement]);
  const wrong = [
    ...repeated([...elements, ...licenses]).map((one) => `${one} is not unique`),
    ...missing(related, elements).map((one) => `${one} is not an element`),
    ...missing(declared, licenses).map((one) => `${one} is not a licence`),
    ...missing(licenses, declared).map((one) => `${one} is declared by no package`),
  ];
  for (const message of wrong) context.addIssue({ code: 'custom', message });
});

const licenseRef = /LicenseRef-[A-Za-z0-9.-]+/g;

function repeated(texts: readonly string[]): string[] {
  return texts.filter((text, index) => texts.indexOf(text) !== index);
}

function missing(texts: readonly string[], known: readonly string[]): string[] {
  const all = new Set(known);
  return texts.filter((text) => !all.has(text));
}
