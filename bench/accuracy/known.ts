/** Why a difference from a manager's list is no error, or cannot be mended: said beside it. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^bootstrap-3-typeahead@/, 'a copy that Debian ships inside of Prometheus, in no module folder'],
  [/^ruby-typeprof@/, 'an editor extension that is shipped inside of a gem'],
  [/^guice-no-aop@|:guice-no-aop@/, "a variant of Guice, in Maven's terms a classifier"],
  [/^javax\.inject:/, "Debian renamed the archive and took Maven's files out of it"],
  [
    /jsr-?305:jsr305@/,
    "made from a revision, without Maven's files; version only in Debian's links",
  ],
  [
    /:spring-core@4\.3\.30/,
    "an archive named `3.x`, without Maven's files or a manifest's version",
  ],
];

/** The item with its reason, where one is known. */
export function explain(item: string): string {
  const known = reasons.find(([pattern]) => pattern.test(item));
  return known === undefined ? item : `${item}: ${known[1]}`;
}
