import type { UnpackFile } from './unpack-members.ts';

export const unpackNested: UnpackFile = {
  wants: () => false,
  async *open() {
    yield* [];
  },
};
