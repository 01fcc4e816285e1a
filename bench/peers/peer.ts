/** Another two-step login, set up by the benchmark itself and measured beside Sallyport. */
export interface Peer {
  /** As the load generator knows it. */
  name: string;
  title: string;
  /** What it hashes with, where that isn't bcrypt at the cost it is given: it runs at the first cost alone then. */
  ownHash?: string;
  /** @throws NotMeasured with the reason where it can't be set up */
  start(options: PeerOptions): Promise<RunningPeer>;
}

interface PeerOptions {
  cost: number;
  /** A PostgreSQL where it may create a database. */
  postgresUrl: string;
  /** Whether Debian's packages may be installed. */
  install: boolean;
  signal: AbortSignal;
  tell: (message: string) => void;
}

export interface RunningPeer extends AsyncDisposable {
  url: string;
  /** All of it. */
  pids(): number[];
}
