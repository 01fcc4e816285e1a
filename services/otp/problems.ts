import { defineProblems } from '@sallyport/http';

export const problems = defineProblems({
  'no-pending-enrolment': [404, 'No enrolment is pending'],
});
