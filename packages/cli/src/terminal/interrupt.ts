/** Ctrl-C while a command waits: the command stops cleanly instead of being killed. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Restores the default handling of Ctrl-C. */
  release(): void;
}

/** The first interrupt aborts the signal; a second one ends the process. */
export function interceptInterrupt(): Interrupt {
  const controller = new AbortController();
  const onSignal = (): void => controller.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
