import type { Answer } from './answer.ts';

/** Ends a request from inside the pipeline, before its handler; the domain never throws one. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`refused with ${answer.status}`);
    this.answer = answer;
  }
}
