import { type Answer, commonProblems, refuse } from '@sallyport/http';

/** 422 for one field; its value is never repeated. */
export function refuseField(path: string, message: string): Answer {
  return refuse(commonProblems['invalid-request'], {
    detail: 'The request is not valid; see errors.',
    errors: [{ path, message }],
  });
}
