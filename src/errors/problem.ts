/** An error for people, in three parts. No part may contain a secret or a value of a message. */
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
