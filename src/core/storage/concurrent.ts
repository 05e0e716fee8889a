/** Bounded concurrency for file work: Node's thread pool has four threads, and a folder must not have a thousand open files. */
export async function mapBounded<T, R>(items: readonly T[], width: number, act: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await act(items[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, worker));
  // every worker has stopped before the error leaves: nothing writes behind the caller's back
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return results;
}
