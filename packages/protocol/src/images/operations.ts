/** Operations on inspected images. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { line, page, paging, queryBoolean, queryList, textOfBytes } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { digestStart } from '../reports/digest.ts';
import { image, imageDetail, imageFile, reportFormats } from './model.ts';
import { inspection, inspectionRequest } from '../inspections/model.ts';
import { limits } from '../limits.ts';
import { verdictState } from '../reports/coverage.ts';
import { reportDifference } from '../reports/difference.ts';
import { packageType } from '../reports/fact.ts';
import { findingClass, severity } from '../reports/finding.ts';
import { placedFinding, placedPackage } from '../reports/report.ts';

const byDigest = z.object({
  digest: digestStart.describe('Digest of the image, or its first hexadecimal digits'),
});
const inProject = {
  project: projectName
    .optional()
    .describe('Project of the image (default: all accessible projects)'),
} as const;
/** The cursor of a list of paths contains a path. */
const longPaging = {
  ...paging,
  cursor: z
    .string()
    .max(limits.imageCursorChars)
    .optional()
    .describe('Value of `next` of the previous page'),
};
const treePath = textOfBytes(limits.pathBytes);

export const imageTags = {
  images: {
    title: 'Images',
    description: 'Inspected images and their findings, by digest.',
  },
} as const satisfies Record<string, OperationTag>;

export const images = {
  inspect: defineOperation({
    name: 'images.inspect',
    method: 'POST',
    path: '/api/v1/inspections',
    summary: 'Request the inspection of an image; it runs in the background',
    description:
      'With an `Idempotency-Key` header, a repeated request returns the first inspection. ' +
      'A reference and platform that are already queued in the project are not queued again. ' +
      'If the stored report of an image is still current, it is returned unless `force` is set.',
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
    summary: 'List inspected images, latest first',
    access: 'images.read',
    query: z.object({
      ...paging,
      ...inProject,
      text: line(limits.textFilterChars)
        .optional()
        .describe('Part of a name, or the first digits of a digest'),
      verdict: queryList(verdictState).optional().describe('Only images with this verdict'),
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
    summary: 'Show an image: layers, distribution, coverage and verdict',
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
    summary: 'List the packages of an image by name',
    access: 'images.read',
    params: byDigest,
    query: z.object({
      ...paging,
      ...inProject,
      text: line(limits.textFilterChars).optional().describe('Part of the package name'),
      type: queryList(packageType).optional().describe('Only packages of this type'),
      hidden: queryBoolean.default(false).describe('Include packages that later layers removed'),
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
    summary: 'List the files of a directory of an image',
    access: 'images.read',
    params: byDigest,
    query: z.object({
      ...longPaging,
      ...inProject,
      parent: treePath
        .default('')
        .describe('The directory: `usr/lib`, `app.jar!` (default: the root)'),
      view: z
        .enum(['merged', 'layer', 'hidden'])
        .default('merged')
        .describe(
          '`merged`: what a container sees; `layer`: one layer; `hidden`: what later layers hide',
        ),
      layer: z.coerce
        .number()
        .int()
        .min(0)
        .max(limits.layersPerImage)
        .default(0)
        .describe('Index of the layer, for the view `layer`'),
    }),
    output: page(imageFile),
    errors: ['not_found'],
    cli: {
      command: 'images files',
      optionalArguments: ['parent'],
      columns: ['path', 'type', 'mode', 'sizeBytes', 'layer', 'hiddenBy', 'sha256'],
    },
  }),
  findings: defineOperation({
    name: 'images.findings',
    method: 'GET',
    path: '/api/v1/images/:digest/findings',
    summary: 'List the findings of an image, most severe first',
    access: 'images.read',
    params: byDigest,
    query: z.object({
      ...paging,
      ...inProject,
      severity: queryList(severity).optional().describe('Only findings of this severity'),
      class: queryList(findingClass).optional().describe('Only findings of this class'),
      scanner: line(limits.nameChars).optional().describe('Only findings of this scanner'),
    }),
    output: page(placedFinding),
    errors: ['not_found'],
    cli: {
      command: 'images findings',
      columns: ['severity', 'rule', 'scanner', 'layer', 'path', 'title', 'class', 'hiddenBy'],
    },
  }),
  report: defineOperation({
    name: 'images.report',
    method: 'GET',
    path: '/api/v1/images/:digest/report',
    summary: 'Download the report as JSON, CycloneDX, SPDX, SARIF or records of Banyan Collector',
    access: 'images.read',
    params: byDigest,
    query: z.object({
      ...inProject,
      format: z.enum(reportFormats).default('json').describe('Format of the report'),
    }),
    outputKind: 'bytes',
    errors: ['not_found'],
  }),
  compare: defineOperation({
    name: 'images.compare',
    method: 'GET',
    path: '/api/v1/images/:digest/differences/:other',
    summary: 'Compare two images: layers, packages, files, findings, configuration',
    access: 'images.read',
    params: z.object({
      digest: digestStart.describe('Digest of the image, or its first hexadecimal digits'),
      other: digestStart.describe('Digest of the image to compare with'),
    }),
    query: z.object({
      ...inProject,
      files: queryBoolean.default(false).describe('Compare files too'),
    }),
    output: reportDifference,
    errors: ['not_found'],
    cli: { command: 'images compare' },
  }),
  remove: defineOperation({
    name: 'images.remove',
    method: 'DELETE',
    path: '/api/v1/images/:digest',
    summary: 'Remove the stored report of an image from a project',
    access: 'images.manage',
    params: byDigest,
    query: z.object(inProject),
    errors: ['not_found'],
    cli: { command: 'images remove', confirm: true },
  }),
} as const;
