/** A TCP port that forwards to the local engine, which acts as a remote engine; for tests. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface EngineProxy {
  readonly address: string;
  /** Closes every open connection. */
  cut(): void;
  close(): Promise<void>;
}

const engineSocket = '/var/run/docker.sock';

export async function createEngineProxy(): Promise<EngineProxy> {
  const sockets = new Set<Socket>();
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    joinEngine(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `tcp://127.0.0.1:${port}`,
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Forwards a connection to the engine and back, until either side ends. */
export function joinEngine(socket: Socket): void {
  const engine = connect(engineSocket);
  for (const side of [socket, engine]) side.on('error', () => side.destroy());
  socket.pipe(engine).pipe(socket);
  socket.on('close', () => engine.destroy());
  engine.on('close', () => socket.destroy());
}
