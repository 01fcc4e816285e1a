// Reads what PromQL expressions ask for: the names of measures, and the labels that they select by.

export interface Asked {
  metric: string;
  labels: string[];
}

const suffix = /_(bucket|count|sum)$/;

/** The series that an expression selects; `by`, functions and variables of Grafana aside. */
export function readExpression(expression: string): Asked[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\$\w+/g, '')
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '')
    .replaceAll(/\boffset\s+\w+/g, '');
  return [...bare.matchAll(/\b([a-z][a-z0-9_]*)\b(?!\s*\()(\{[^}]*\})?/g)]
    .filter(([, name = '', selector]) => selector !== undefined || name.includes('_') || name === 'up')
    .filter(({ index }) => !isWithinSelector(bare, index))
    .map(([, name = '', selector = '']) => ({
      metric: name,
      labels: [...selector.matchAll(/(\w+)\s*(?==|!=|=~|!~)/g)].map(([, label = '']) => label),
    }));
}

/** The name under which a measure is declared: a histogram's series have endings. */
export function declaredName(metric: string, declared: ReadonlySet<string>): string {
  return declared.has(metric) ? metric : metric.replace(suffix, '');
}

function isWithinSelector(text: string, at: number): boolean {
  return text.lastIndexOf('{', at) > text.lastIndexOf('}', at);
}
