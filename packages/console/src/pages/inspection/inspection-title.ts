import { escapeInvisible, type Inspection } from '@lazaret/protocol';

/** The display name of an inspection: the name of an archive, or the reference. */
export function inspectionTitle({ archive, reference }: Inspection): string {
  return archive?.name ?? reference;
}

/** The same as plain text, for titles and labels. */
export function inspectionLabel(inspection: Inspection): string {
  return escapeInvisible(inspectionTitle(inspection));
}
