/** A compressed stream or an archive that cannot be read any further. */
export class DecodeError extends Error {
  readonly code: 'damaged' | 'unsupported' | 'too_large';

  constructor(code: DecodeError['code'], message: string) {
    super(message);
    this.name = 'DecodeError';
    this.code = code;
  }
}
