/** A list of digests that cannot be read; the message says what is wrong with it. */
export class ListError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ListError';
  }
}
