export interface ManageIo {
  out(text: string): void;
  err(text: string): void;
}
