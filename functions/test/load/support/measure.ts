const megabyte = 1024 * 1024;

/** The most memory that this process ever had resident, in MB. */
export function peakMegabytes(): number {
  // In kilobytes, on every platform.
  return process.resourceUsage().maxRSS / 1024;
}

/** What this process has resident now, in MB. */
export function residentMegabytes(): number {
  return process.memoryUsage.rss() / megabyte;
}

/** Looks at the resident memory every few milliseconds until it is stopped; returns the most it saw, in MB. */
export function watchMemory(): () => number {
  let most = residentMegabytes();
  const look = () => {
    most = Math.max(most, residentMegabytes());
  };
  const timer = setInterval(look, 10);
  return () => {
    clearInterval(timer);
    look();
    return most;
  };
}

/** Starts a watch: wall clock in seconds, and this process's CPU time in milliseconds. */
export function startWatch(): () => { readonly seconds: number; readonly cpuMs: number } {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - startedAt) / 1000, cpuMs: (user + system) / 1000 };
  };
}

/** The value below which `share` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1] ?? Number.NaN;
}
