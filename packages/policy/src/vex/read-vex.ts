/** A VEX document as exceptions: the products that it says are not affected, or fixed. */
import { policyLimits } from '../limits.ts';
import { isCsaf, readCsaf } from './csaf-vex.ts';
import { isOpenVex, readOpenVex } from './openvex.ts';
import {
  fieldsOf,
  toVexExceptions,
  VexError,
  type Fields,
  type VexOptions,
  type VexResult,
  type VexStatement,
} from './vex-document.ts';

/** Throws VexError if it is not an OpenVEX or CSAF document. */
export function readVex(text: string, options: VexOptions): VexResult {
  const document = parse(text);
  const statements = readStatements(document);
  const { vexStatements } = policyLimits;
  if (statements.length > vexStatements) {
    throw new VexError(`${statements.length} statements (limit ${vexStatements})`);
  }
  const results = statements.map((one) => toVexExceptions(one, options));
  return {
    exceptions: results.flatMap(({ exceptions }) => exceptions),
    notes: results.flatMap(({ notes }) => notes),
  };
}

function parse(text: string): Fields {
  if (text.length > policyLimits.vexBytes) {
    throw new VexError(`larger than ${policyLimits.vexBytes} bytes`);
  }
  try {
    return fieldsOf(JSON.parse(text));
  } catch (error) {
    throw new VexError(`not valid JSON: ${(error as Error).message}`);
  }
}

function readStatements(document: Fields): VexStatement[] {
  if (isOpenVex(document)) return readOpenVex(document);
  if (isCsaf(document)) return readCsaf(document);
  throw new VexError(
    'neither OpenVEX ("@context" of openvex.dev) nor CSAF ("document.csaf_version")',
  );
}
