/** The queue of one host's service, where `ping` of namespace `baseapi` is answered. */
export interface PingPlace {
  topic: string;
  host: string;
}

/** A program whose start is measured. */
export interface Subject {
  id: string;
  title: string;
  command: string;
  args: readonly string[];
  /** The line of output that says that it works; absent if there is none. */
  readyLine?: RegExp;
  /** Absent if it has no RPC server. */
  ping?: PingPlace;
}

/** One start. Times in seconds from the spawn, null where there is nothing to wait for; memory in MB. */
export interface StartFigures {
  line: number | null;
  /** Until a ping that waited in the queue was answered. */
  answer: number | null;
  /**
   * Seconds of processor time of all threads until it is ready by both measures: the figure that a busy machine
   * affects least.
   */
  cpu: number;
  /** Resident memory at that time. */
  memory: number;
  memoryLater: number;
  memoryPeak: number;
}

/** All starts of one subject, round by round. */
export interface SubjectRounds {
  id: string;
  title: string;
  starts: StartFigures[];
}
