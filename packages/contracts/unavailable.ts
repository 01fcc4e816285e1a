export type Dependency = 'postgres' | 'redis' | 'users' | 'otp' | 'rabbitmq' | 'clock';

/** A dependency is away, slow or talks nonsense. Whoever meets it answers 503 and gives nothing away: never a yes. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly dependency: Dependency;
  /** The dependency itself asked to come back later, because its queue is full. */
  readonly overloaded: boolean;
  readonly retryAfterSeconds: number;

  constructor(
    dependency: Dependency,
    options: { cause?: unknown; overloaded?: boolean; retryAfterSeconds?: number } = {},
  ) {
    super(`${dependency} is unavailable`, { cause: options.cause });
    this.dependency = dependency;
    this.overloaded = options.overloaded ?? false;
    this.retryAfterSeconds = options.retryAfterSeconds ?? 1;
  }
}
