import { escapeInvisible, type Inspection } from '@lazaret/protocol';

/** What an inspection is of, for people: the name of an archive, or the reference. */
export function inspectionTitle({ archive, reference }: Inspection): string {
  return archive?.name ?? reference;
}

/** The same where it is no text node of its own: titles and labels. */
export function inspectionLabel(inspection: Inspection): string {
  return escapeInvisible(inspectionTitle(inspection));
}
