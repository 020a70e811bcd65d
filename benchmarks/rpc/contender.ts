/** The payload: the same for all contenders, in both directions. */
export interface EchoArgs {
  x: number;
  s: string;
}

export const ECHO_ARGS: Readonly<EchoArgs> = { x: 1, s: 'abcdefghij'.repeat(20) };

/** Where a contender's client and server meet. */
export interface Place {
  /** amqp://user:password@host:port/ */
  url: string;
  /** A unique name. */
  topic: string;
}

/** What every contender's server serves: `echo`, which answers, and `note`, which does not. */
export interface EchoService {
  echo(args: EchoArgs): EchoArgs | Promise<EchoArgs>;
  note(args: EchoArgs): void;
}

export interface EchoClient {
  call(args: EchoArgs): Promise<EchoArgs>;
  /** Resolves as soon as the contender's own `cast` does: see README.md for what it then promises. */
  cast(args: EchoArgs): Promise<void>;
}

/** A contender. Both ends live until their process ends. */
export interface Contender {
  serve(place: Place, service: EchoService): Promise<void>;
  connect(place: Place): Promise<EchoClient>;
}
