import { nearestName } from '@lazaret/protocol';

/** `did you mean "severity"?`, or the known names. */
export function suggest(given: string, known: readonly string[]): string {
  const nearest = nearestName(given, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  const listed = known.slice(0, namesListed).join(', ');
  const more = known.length - namesListed;
  return `expected one of ${listed}${more > 0 ? ` and ${more} more` : ''}`;
}

const namesListed = 20;
