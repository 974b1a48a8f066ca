/** The latest events in memory, bounded by number and by size. */

import { eventLimits } from './limits.ts';
import { isAfter, type Position } from './position.ts';
import type { EventPage, StoredEvent } from './store.ts';

export interface EventWindow {
  /** All events after this position, up to `end`, are in the window. */
  readonly start: Position;
  readonly end: Position;
  /** The position of the newest event, if any. */
  readonly last: Position | undefined;
  append(page: EventPage): void;
  after(position: Position): EventPage;
}

/** A window with all events from a position on. */
export function createWindow(from: Position): EventWindow {
  let events: { readonly event: StoredEvent; readonly chars: number }[] = [];
  let chars = 0;
  let start = from;
  let end = from;
  let last: Position | undefined;
  const trim = (): void => {
    let drop = 0;
    while (events.length - drop > eventLimits.windowItems || chars > eventLimits.windowBytes) {
      const oldest = events[drop];
      if (oldest === undefined) break;
      chars -= oldest.chars;
      start = oldest.event.position;
      drop += 1;
    }
    if (drop > 0) events = events.slice(drop);
  };
  return {
    get start() {
      return start;
    },
    get end() {
      return end;
    },
    get last() {
      return last;
    },
    append: (page) => {
      for (const event of page.events) {
        const size = JSON.stringify(event.data).length;
        events.push({ event, chars: size });
        chars += size;
        last = event.position;
      }
      end = page.position;
      trim();
    },
    after: (position) => {
      const found = events.findIndex((one) => isAfter(one.event.position, position));
      const newer = found < 0 ? [] : events.slice(found).map((one) => one.event);
      return {
        events: newer,
        position: isAfter(position, end) ? position : end,
        more: false,
        held: false,
      };
    },
  };
}
