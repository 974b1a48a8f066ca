/** Why a difference from a manager's list is not an error, or cannot be fixed: shown next to it. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^bootstrap-3-typeahead@/, 'a copy that Debian ships inside of Prometheus, in no module folder'],
  [/^ruby-typeprof@/, 'an editor extension that is shipped inside of a gem'],
  [/^guice-no-aop@|:guice-no-aop@/, "a variant of Guice, in Maven's terms a classifier"],
  [/^ca-certificates-java@/, 'an archive without metadata, in no repository'],
  [/^maven3-slf4j-provider@/, 'renamed by Debian, and with another project shaded into it'],
  [/^javax\.inject:/, "Debian renamed the archive and took Maven's files out of it"],
  [/:jsr305@0/, "made from a revision, without Maven's files; version only in Debian's links"],
  [
    /^spring3-core@|:spring-core@4\.3\.30/,
    "an archive named `3.x`, without Maven's files or a manifest's version",
  ],
];

/** The item with its reason, where one is known. */
export function explain(item: string): string {
  const known = reasons.find(([pattern]) => pattern.test(item));
  return known === undefined ? item : `${item}: ${known[1]}`;
}
