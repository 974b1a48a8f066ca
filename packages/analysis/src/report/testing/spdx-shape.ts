/**
 * The part of SPDX 2.3 that is written, field by field as the specification has it; closed, so that
 * a field of another name is an error.
 */
import { z } from 'zod';

const id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/);
const checksum = z.strictObject({
  algorithm: z.enum(['SHA1', 'SHA256', 'MD5']),
  checksumValue: z.string().regex(/^[0-9a-f]{32,64}$/),
});

const spdxPackage = z.strictObject({
  SPDXID: id,
  name: z.string().min(1),
  versionInfo: z.string().min(1).optional(),
  supplier: z.union([z.literal('NOASSERTION'), z.string().startsWith('Organization: ')]).optional(),
  downloadLocation: z.literal('NOASSERTION'),
  filesAnalyzed: z.boolean(),
  packageVerificationCode: z
    .strictObject({ packageVerificationCodeValue: z.string().regex(/^[0-9a-f]{40}$/) })
    .optional(),
  checksums: z.array(checksum).optional(),
  sourceInfo: z.string().optional(),
  licenseConcluded: z.literal('NOASSERTION'),
  licenseDeclared: z.string().min(1),
  copyrightText: z.literal('NOASSERTION'),
  summary: z.string().optional(),
  comment: z.string().optional(),
  externalRefs: z
    .array(
      z.strictObject({
        referenceCategory: z.literal('PACKAGE-MANAGER'),
        referenceType: z.literal('purl'),
        referenceLocator: z.string().startsWith('pkg:'),
      }),
    )
    .optional(),
  primaryPackagePurpose: z.enum(['CONTAINER', 'ARCHIVE', 'OPERATING_SYSTEM', 'OTHER']).optional(),
});

export const spdxShape = z.strictObject({
  spdxVersion: z.literal('SPDX-2.3'),
  dataLicense: z.literal('CC0-1.0'),
  SPDXID: z.literal('SPDXRef-DOCUMENT'),
  name: z.string().min(1),
  documentNamespace: z.url().regex(/^[^#]+$/),
  comment: z.string(),
  creationInfo: z.strictObject({
    created: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
    creators: z.array(z.string().startsWith('Tool: ')).min(1),
  }),
  packages: z.array(spdxPackage),
  files: z
    .array(
      z.strictObject({
        SPDXID: id,
        fileName: z.string().startsWith('./'),
        checksums: z.array(checksum).min(1),
        licenseConcluded: z.literal('NOASSERTION'),
        copyrightText: z.literal('NOASSERTION'),
        comment: z.string(),
      }),
    )
    .optional(),
  hasExtractedLicensingInfos: z
    .array(
      z.strictObject({
        licenseId: z.string().regex(/^LicenseRef-[A-Za-z0-9.-]+$/),
        extractedText: z.string().min(1),
        name: z.string(),
      }),
    )
    .optional(),
  relationships: z.array(
    z.strictObject({
      spdxElementId: id,
      relationshipType: z.enum(['DESCRIBES', 'CONTAINS', 'DEPENDS_ON']),
      relatedSpdxElement: id,
    }),
  ),
});
