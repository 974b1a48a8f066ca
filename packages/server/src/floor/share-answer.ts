/** Shares one result among all callers within a short time: probes cost disk and connections. */
export function shareAnswer<T>(
  ask: () => Promise<T>,
  { maxAgeMs, nowMs }: { readonly maxAgeMs: number; readonly nowMs: () => number },
): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let askedMs = 0;
  return () => {
    if (answer === undefined || nowMs() - askedMs > maxAgeMs) {
      askedMs = nowMs();
      answer = ask();
    }
    return answer;
  };
}
