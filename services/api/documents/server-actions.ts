export interface RebootBody {
  type: string;
}

export interface ConsoleOutputBody {
  /** Last lines; -1 or null: all. */
  length?: number | string | null;
}
