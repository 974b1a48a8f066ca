/**
 * What taking a digest out of a repository removes and what it would break for others. Pure. A
 * manifest of the index is removed only if nothing else refers to it; other tags of the digest and
 * indexes that contain it are removed only if they were confirmed.
 */
import type { ContentRole } from '@lazaret/protocol';

import type { Closure, ClosureManifest } from './read-closure.ts';

export interface PlannedManifest extends ClosureManifest {
  readonly removes: boolean;
}

export interface RemovalPlan {
  /** In the order in which they are pushed back: what others refer to comes first. */
  readonly manifests: readonly PlannedManifest[];
  readonly tags: readonly string[];
  readonly children: readonly string[];
  readonly shared: readonly { readonly digest: string; readonly usedBy: readonly string[] }[];
  readonly parents: readonly { readonly digest: string; readonly tags: readonly string[] }[];
  readonly referrers: readonly string[];
  /** What has to be confirmed and was not. */
  readonly unconfirmed: readonly string[];
}

/** `confirmed` names tags and digests. */
export function planRemoval(closure: Closure, confirmed: ReadonlySet<string>): RemovalPlan {
  const { root } = closure;
  const parents = closure.manifests.filter(({ role }) => role === 'parent');
  const removed = new Set([root.digest, ...parents.map(({ digest }) => digest)]);
  const children = descendants(closure, root.digest);
  const shared: { digest: string; usedBy: string[] }[] = [];
  for (const child of children) {
    const tags = child.tags.filter((tag) => !confirmed.has(tag));
    const indexes = (closure.parentsOf.get(child.digest) ?? []).filter((one) => !removed.has(one));
    const usedBy = [...tags, ...indexes];
    if (usedBy.length === 0 || confirmed.has(child.digest)) removed.add(child.digest);
    else shared.push({ digest: child.digest, usedBy });
  }
  for (const one of referrersOf(closure, removed)) removed.add(one);
  const manifests = closure.manifests
    .map((one) => ({ ...one, removes: removed.has(one.digest) }))
    .toSorted((one, other) => rank(one) - rank(other));
  return {
    manifests,
    tags: root.tags,
    children: children.map(({ digest }) => digest).filter((digest) => removed.has(digest)),
    shared,
    parents: parents.map(({ digest, tags }) => ({ digest, tags })),
    referrers: manifests.filter(isReferrer).flatMap((one) => (one.removes ? [one.digest] : [])),
    unconfirmed: [
      ...root.tags.filter((tag) => !confirmed.has(tag)),
      ...parents.map(({ digest }) => digest).filter((digest) => !confirmed.has(digest)),
    ],
  };
}

/** The manifests of an index, the deepest first. */
function descendants(closure: Closure, digest: string): ClosureManifest[] {
  const byDigest = new Map(closure.manifests.map((one) => [one.digest, one]));
  const found = new Map<string, ClosureManifest>();
  const visit = (at: string): void => {
    const document = byDigest.get(at)?.document;
    if (document?.kind !== 'index') return;
    for (const { digest: child } of document.children) {
      const manifest = byDigest.get(child);
      if (manifest === undefined || found.has(child)) continue;
      visit(child);
      found.set(child, manifest);
    }
  };
  visit(digest);
  // Parents are decided before their children, which depend on them.
  return [...found.values()].toReversed();
}

/** Of what is removed, and again of these. */
function referrersOf({ manifests }: Closure, removed: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  const isRemoved = (digest: string): boolean => removed.has(digest) || found.has(digest);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const one of manifests.filter(isReferrer)) {
      const subjects = subjectsOf(one, manifests);
      if (subjects.length > 0 && subjects.every(isRemoved)) found.add(one.digest);
    }
    for (const { document } of manifests.filter((one) => found.has(one.digest))) {
      if (document.kind === 'index') for (const { digest } of document.children) found.add(digest);
    }
  }
  return [...found];
}

/** What a referrer is about: its subject, or the digest in its tag. */
function subjectsOf(
  { document, tags, digest }: ClosureManifest,
  manifests: readonly ClosureManifest[],
): string[] {
  const named = manifests.flatMap((one) => {
    const prefix = one.digest.replace(':', '-').slice(0, 71);
    return tags.some((tag) => tag.startsWith(prefix)) ? [one.digest] : [];
  });
  const subject = document.kind === 'manifest' ? document.subject : undefined;
  const listed = manifests.flatMap((one) =>
    one.role === 'referrers-index' &&
    one.document.kind === 'index' &&
    one.document.children.some((child) => child.digest === digest)
      ? subjectsOf(one, manifests)
      : [],
  );
  return subject === undefined ? [...named, ...listed] : [subject, ...named];
}

function isReferrer({ role }: { readonly role: ContentRole }): boolean {
  return role === 'referrer' || role === 'referrers-index';
}

const ranks: Readonly<Record<ContentRole, number>> = {
  ...{ config: 0, layer: 0, child: 100, image: 200, index: 200, parent: 300 },
  ...{ referrer: 400, 'referrers-index': 500 },
};

function rank({ role, depth }: ClosureManifest): number {
  return ranks[role] - depth;
}
