/** CSAF 2.0 documents of the VEX profile; https://docs.oasis-open.org/csaf/csaf/v2.0/ (4.5). */
import { fieldsOf, listOf, textOf, type Fields, type VexStatement } from './vex-document.ts';

export function isCsaf(document: Fields): boolean {
  return textOf(fieldsOf(document['document'])['csaf_version']) !== '';
}

/** Statuses of products and what OpenVEX calls them. */
const statuses: Readonly<Record<string, string>> = {
  known_not_affected: 'not_affected',
  fixed: 'fixed',
  first_fixed: 'fixed',
  known_affected: 'affected',
  under_investigation: 'under_investigation',
};

export function readCsaf(document: Fields): VexStatement[] {
  const purls = readProducts(fieldsOf(document['product_tree']));
  return listOf(document['vulnerabilities']).flatMap((entry, index) => {
    const vulnerability = fieldsOf(entry);
    const ids = listOf(vulnerability['ids']).map((one) => textOf(fieldsOf(one)['text']));
    const cve = textOf(vulnerability['cve']);
    const [name = '', ...aliases] = [cve, ...ids].filter(Boolean);
    const reasons = readJustifications(vulnerability);
    return Object.entries(fieldsOf(vulnerability['product_status'])).flatMap(([group, list]) => {
      const status = statuses[group];
      if (status === undefined) return [];
      return listOf(list).map((id) => ({
        where: `vulnerabilities[${index}].${group}`,
        vulnerability: name,
        aliases,
        packages: purls.get(textOf(id)) ?? [],
        status,
        justification: reasons.get(textOf(id)) ?? '',
      }));
    });
  });
}

/** The purls of each product by its ID: its own, and for a combination that of the component. */
function readProducts(tree: Fields): ReadonlyMap<string, readonly string[]> {
  const purls = new Map<string, string[]>();
  const add = (value: unknown): void => {
    const product = fieldsOf(value);
    const helper = fieldsOf(product['product_identification_helper']);
    const found = [helper['purl'], ...listOf(helper['purls'])].map(textOf).filter(Boolean);
    if (found.length > 0) purls.set(textOf(product['product_id']), found);
  };
  const pending = [...listOf(tree['branches'])];
  for (let branch = pending.pop(); branch !== undefined; branch = pending.pop()) {
    const fields = fieldsOf(branch);
    add(fields['product']);
    pending.push(...listOf(fields['branches']));
  }
  listOf(tree['full_product_names']).forEach(add);
  for (const entry of listOf(tree['relationships'])) {
    const relationship = fieldsOf(entry);
    const component = purls.get(textOf(relationship['product_reference']));
    const id = textOf(fieldsOf(relationship['full_product_name'])['product_id']);
    if (component !== undefined && !purls.has(id)) purls.set(id, component);
    add(relationship['full_product_name']);
  }
  return purls;
}

/** Machine-readable flags, or else impact statements, by product. */
function readJustifications(vulnerability: Fields): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  const put = (value: unknown, text: string): void => {
    for (const id of listOf(fieldsOf(value)['product_ids']).map(textOf)) {
      if (text !== '') reasons.set(id, text);
    }
  };
  for (const threat of listOf(vulnerability['threats'])) {
    const { category, details } = fieldsOf(threat);
    if (category === 'impact') put(threat, textOf(details));
  }
  for (const flag of listOf(vulnerability['flags'])) put(flag, textOf(fieldsOf(flag)['label']));
  return reasons;
}
