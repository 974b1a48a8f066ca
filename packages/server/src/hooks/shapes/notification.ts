/**
 * The content of a push notification of any sender. A shape turns the body of one kind of sender
 * into this; it is pure and called for authentic requests only. Nothing in a notification is an
 * address: the registry is the one that the hook belongs to.
 */
import { isRepository, isTag, parseDigest } from '@lazaret/oci';

import { hookLimits } from '../limits.ts';

/** The part of an authentic request from which a shape reads. */
export interface ShapeRequest {
  /** All values by name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** The bytes to read: the body, or the field of a form that contains it. */
  readonly content: Buffer;
  /** Address of the hook's registry, for senders that report several registries. */
  readonly registry: string;
}

export interface RegistryEvent {
  readonly action: 'push' | 'delete';
  /** Path in the registry, without its host. */
  readonly repository: string;
  readonly tag: string | null;
  /** Null if the notification does not say; then the tag has to be looked up. */
  readonly digest: string | null;
  /** A hint. */
  readonly mediaType: string | null;
  /** Who did it, as the registry calls them. */
  readonly actor: string | null;
  /** The same for repeated deliveries of the event, null for senders without ids. */
  readonly eventId: string | null;
  /** When it happened, by the clock of the sender. */
  readonly occurredAt: string | null;
}

export interface IgnoredEvent {
  readonly reason: string;
  /** Whether the shape does not know it, as opposed to knowing that it is of no concern. */
  readonly unknown: boolean;
}

export interface Notification {
  readonly events: readonly RegistryEvent[];
  readonly ignored: readonly IgnoredEvent[];
}

export type Shape = (request: ShapeRequest) => Notification;

/** Something that happened but needs no action. */
export function ignore(reason: string): IgnoredEvent {
  return { reason, unknown: false };
}

/** Something that the shape cannot read: the notification becomes a dead letter. */
export function unknown(reason: string): IgnoredEvent {
  return { reason, unknown: true };
}

/** What a sender said of one event, unchecked. */
export interface RawEvent {
  readonly action: RegistryEvent['action'];
  readonly repository: string | null;
  readonly tag?: string | null;
  readonly digest?: string | null;
  readonly mediaType?: string | null;
  readonly actor?: string | null;
  readonly eventId?: string | null;
  readonly occurredAt?: string | number | null;
}

/** The event, or why it is refused: names that no registry can have are never looked up. */
export function checkEvent(raw: RawEvent): RegistryEvent | IgnoredEvent {
  const { action, repository, tag = null, digest = null } = raw;
  if (repository === null) return unknown(`${action} without a repository`);
  const invalid = findInvalid({ repository, tag, digest });
  if (invalid !== undefined) return unknown(invalid);
  if (action === 'push' && tag === null && digest === null) {
    return ignore('push without tag or digest: nothing to look up; poll the repository');
  }
  const { mediaType, actor, eventId, occurredAt = null } = raw;
  return {
    ...{ action, repository, tag, digest },
    mediaType: cleanText(mediaType),
    actor: cleanText(actor),
    eventId: cleanText(eventId),
    occurredAt: formatTime(occurredAt),
  };
}

function findInvalid({
  repository,
  tag,
  digest,
}: Pick<RegistryEvent, 'repository' | 'tag' | 'digest'>): string | undefined {
  if (!isRepository(repository)) return `invalid repository name ${quote(repository)}`;
  if (tag !== null && !isTag(tag)) return `invalid tag ${quote(tag)}`;
  const isInvalid = digest !== null && parseDigest(digest) === undefined;
  return isInvalid ? `invalid digest ${quote(digest)}` : undefined;
}

/** One notification of what was checked. */
export function notification(checked: readonly (RegistryEvent | IgnoredEvent)[]): Notification {
  return {
    events: checked.filter((one) => 'action' in one),
    ignored: checked.filter((one) => 'reason' in one),
  };
}

/** Text of a sender in a message: bounded, in quotes, control characters escaped. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, hookLimits.quotedChars));
}

/** One line of bounded text without control characters; null if nothing is left. */
function cleanText(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  const clean = text.slice(0, hookLimits.textChars).toWellFormed();
  return clean === '' ? null : clean.replaceAll(/\p{Cc}/gu, '\u{fffd}');
}

/** Seconds since 1970, or any form of ISO 8601, as one form; null if it is neither. */
function formatTime(value: string | number | null): string | null {
  if (value === null) return null;
  const date = new Date(typeof value === 'number' ? value * 1000 : value);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
