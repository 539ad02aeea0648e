/** Where the host says what happens; messages hold no payloads, tokens or headers. */
export interface HostLog {
  info(message: string): void;
  warn(message: string): void;
  error(message: string, error?: unknown): void;
}
