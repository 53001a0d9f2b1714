/** An error for people, in three parts. None of them may hold a secret or a value from a message. */
export class Problem extends Error {
  override name = 'Problem';
  readonly what: string;
  readonly why: string;
  readonly whatToDo: string;

  constructor(what: string, why: string, whatToDo: string) {
    super(`${what}: ${why}. ${whatToDo}`);
    this.what = what;
    this.why = why;
    this.whatToDo = whatToDo;
  }
}
