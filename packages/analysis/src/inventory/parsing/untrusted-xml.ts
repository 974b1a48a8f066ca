/**
 * XML from untrusted files. The parser expands no entities of a DTD and does not recurse, but it
 * continues after errors, each of which costs more than the text: the text is passed in pieces
 * until there are too many errors.
 */
import { SaxesParser } from 'saxes';

export interface XmlTag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Names of the open elements, this one last; those below eight levels are omitted. */
  readonly place: readonly string[];
}

export interface XmlHandlers {
  readonly open?: (tag: XmlTag) => void;
  /** Text inside the element whose path is given, possibly in several pieces. */
  readonly text?: (text: string, place: readonly string[]) => void;
  /** Called periodically: whether the rest can be skipped. */
  readonly isEnough?: () => boolean;
}

const pieceChars = 16_384;
const faultsMax = 100;
const depthMax = 1_000;
const placesMax = 8;

/** Reports what it reads. Returns false when the text is not XML, or truncated. */
export function readXml(bytes: Buffer, handlers: XmlHandlers): boolean {
  const text = bytes.toString('utf8');
  const parser = new SaxesParser();
  const place: string[] = [];
  let depth = 0;
  let faults = 0;
  parser.on('error', () => {
    faults += 1;
  });
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    if (depth <= placesMax) place.push(name);
    handlers.open?.({ name, attributes: new Map(Object.entries(attributes)), place });
  });
  parser.on('closetag', () => {
    depth -= 1;
    place.length = Math.min(place.length, depth);
  });
  parser.on('text', (piece) => {
    if (depth <= placesMax) handlers.text?.(piece, place);
  });
  for (let at = 0; at < text.length; at += pieceChars) {
    if (faults > faultsMax || depth > depthMax) return false;
    if (handlers.isEnough?.() === true) return true;
    parser.write(text.slice(at, at + pieceChars));
  }
  if (depth <= depthMax) parser.close();
  return faults === 0 && depth === 0;
}
