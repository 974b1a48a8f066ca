/** Names of images, shortened where they say the least. */
const charsMax = 60;
const digestChars = 12;
const longDigest = /(:[^/:@]+)?@(sha(?:256|512)):([0-9a-f]{13,})$/;

/** The name of an image in a repository, with its tag if it has one. */
export function imageNameOf(repository: string, tag: string | null | undefined): string {
  return tag === null || tag === undefined ? repository : `${repository}:${tag}`;
}

/**
 * Components between the registry and the last one give way first, so that the last one and the tag
 * remain: `registry.example.org/…/web:1.2`. A digest is shortened, or omitted after a tag.
 */
export function shortenImageName(name: string): string {
  const text = shortenDigest(name);
  if (text.length <= charsMax) return text;
  const components = text.split('/');
  const last = components.at(-1) ?? '';
  const [first = ''] = components;
  const fits = `${first}/…/${last}`.length <= charsMax;
  if (components.length > 2 && fits) return extend(components, last);
  return shortenMiddle(components.length > 1 ? `…/${last}` : last);
}

/** As many of the last components as there is space for. */
function extend(components: readonly string[], last: string): string {
  const [first = '', ...rest] = components.slice(0, -1);
  let end = last;
  for (const component of rest.toReversed()) {
    if (`${first}/…/${component}/${end}`.length > charsMax) break;
    end = `${component}/${end}`;
  }
  return `${first}/…/${end}`;
}

function shortenMiddle(text: string): string {
  const chars = [...text];
  if (chars.length <= charsMax) return text;
  const half = Math.floor((charsMax - 1) / 2);
  return `${chars.slice(0, half).join('')}…${chars.slice(-half).join('')}`;
}

function shortenDigest(name: string): string {
  const match = longDigest.exec(name);
  if (match === null) return name;
  const [{ length }, tag, algorithm = '', hex = ''] = match;
  return `${name.slice(0, -length)}${tag ?? `@${algorithm}:${hex.slice(0, digestChars)}…`}`;
}
