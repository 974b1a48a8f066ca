/** Validates documents with the published schemas of their formats. */
import { readFileSync } from 'node:fs';

import sarifSchema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' };
import { Ajv, type ValidateFunction } from 'ajv';
import draft04 from 'ajv-draft-04';
import { fullFormats } from 'ajv-formats/dist/formats.js';

import { spdxShape, type SpdxShape } from './spdx-shape.ts';

const formats = {
  'date-time': fullFormats['date-time'],
  email: fullFormats.email,
  regex: fullFormats.regex,
  uri: fullFormats.uri,
  'uri-reference': fullFormats['uri-reference'],
  // Written URIs are ASCII, so the stricter rules for URIs apply too.
  iri: fullFormats.uri,
  'iri-reference': fullFormats['uri-reference'],
  'idn-email': fullFormats.email,
};
const options = { strict: false, formats };

/** CycloneDX 1.6. Throws when the schema refuses the document. */
export function checkCycloneDx<T>(document: T): T {
  return check(document, cycloneDx);
}

/** SARIF 2.1.0. Throws when the schema refuses the document. */
export function checkSarif<T>(document: T): T {
  return check(document, sarif);
}

/**
 * SPDX 2.3, by the schema here, written after the specification, and by the published schema
 * too when `SPDX_SCHEMA` names a file with it: no package ships that one.
 */
export function checkSpdx(document: unknown): SpdxShape {
  return spdxShape.parse(spdx === undefined ? document : check(document, spdx));
}

const cycloneDx = new Ajv(options)
  .addSchema(readSchema(new URL('schemas/spdx.schema.json', import.meta.url)))
  .addSchema(readSchema(new URL('schemas/jsf-0.82.schema.json', import.meta.url)))
  .compile(readSchema(new URL('schemas/bom-1.6.schema.json', import.meta.url)));
// A pattern of this schema, for languages, is invalid with the Unicode flag.
const sarif = new draft04.default({ ...options, unicodeRegExp: false }).compile(sarifSchema);
const spdxFile = process.env['SPDX_SCHEMA'];
const spdx = spdxFile === undefined ? undefined : new Ajv(options).compile(readSchema(spdxFile));

function readSchema(file: string | URL): object {
  return JSON.parse(readFileSync(file, 'utf8')) as object;
}

function check<T>(document: T, validate: ValidateFunction): T {
  if (validate(document)) return document;
  throw new Error(JSON.stringify(validate.errors?.slice(0, 3), null, 2));
}
