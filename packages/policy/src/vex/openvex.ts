/**
 * OpenVEX documents, https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md, versions 0.0.1 (where
 * vulnerabilities and products are texts) and 0.2.0.
 */
import { fieldsOf, listOf, textOf, type Fields, type VexStatement } from './vex-document.ts';

export function isOpenVex(document: Fields): boolean {
  return textOf(document['@context']).includes('openvex');
}

export function readOpenVex(document: Fields): VexStatement[] {
  return listOf(document['statements']).flatMap((entry, index) => {
    const statement = fieldsOf(entry);
    const { name, aliases } = readVulnerability(statement['vulnerability']);
    const justification =
      textOf(statement['justification']) || textOf(statement['impact_statement']);
    const base = {
      where: `statements[${index}]`,
      vulnerability: name,
      aliases,
      status: textOf(statement['status']),
      justification,
    };
    const products = listOf(statement['products']).map(readProduct);
    const plain = products.flatMap(({ subcomponents, purl }) =>
      subcomponents.length > 0 || purl === undefined ? [] : [purl],
    );
    const inImages = products.filter(({ subcomponents }) => subcomponents.length > 0);
    const own = plain.length > 0 || inImages.length === 0 ? [{ ...base, packages: plain }] : [];
    return [
      ...own,
      ...inImages.map(({ subcomponents, image }) => ({
        ...base,
        packages: subcomponents,
        ...(image !== undefined && { image }),
      })),
    ];
  });
}

function readVulnerability(value: unknown): { name: string; aliases: string[] } {
  if (typeof value === 'string') return { name: value, aliases: [] };
  const fields = fieldsOf(value);
  const name = textOf(fields['name']) || textOf(fields['@id']);
  return { name, aliases: listOf(fields['aliases']).map(textOf).filter(Boolean) };
}

interface Product {
  readonly purl: string | undefined;
  /** Packages inside the product. */
  readonly subcomponents: readonly string[];
  /** Digest of the product, if it is an image. */
  readonly image: string | undefined;
}

function readProduct(value: unknown): Product {
  const purl = purlOf(value);
  const subcomponents = listOf(fieldsOf(value)['subcomponents']).flatMap(
    (one) => purlOf(one) ?? [],
  );
  const digest = /^pkg:(?:oci|docker)\/[^@]+@(sha256(?::|%3A)[0-9a-f]{64})/i.exec(purl ?? '')?.[1];
  return { purl, subcomponents, image: digest?.replace(/%3A/i, ':') };
}

function purlOf(value: unknown): string | undefined {
  const fields = fieldsOf(value);
  const candidates = [value, fields['@id'], fieldsOf(fields['identifiers'])['purl']];
  return candidates.map(textOf).find((text) => text.startsWith('pkg:'));
}
