/** A guard of the product, as the change to its source that takes it out, and the test that must fail then. */
export interface Guard {
  name: string;
  /** Where it stands; `find` occurs there exactly once. */
  file: string;
  find: string;
  replace: string;
  /** `name` is a part of the test's name that no other test of the file has. */
  test: { file: string; name: string };
}
