import { beforeEach, describe, expect, it } from 'vitest';
import { createExports } from '../../stacks/exports.ts';

// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
describe('a value that a stack exports', () => {
  let exports = createExports();
  const set = (stack: string, values: Record<string, string>, imports: string[] = []) => {
    exports.set(stack, { exports: new Map(Object.entries(values)), imports: new Set(imports) });
  };
  beforeEach(() => {
    exports = createExports();
    set('Tables', { ledger: 'Ledger-1' });
  });

  it('can be imported by another stack', () => {
    expect(exports.read('ledger', 'Brand')).toBe('Ledger-1');
  });

  it('cannot be imported by its own stack, nor without being exported', () => {
    expect(() => exports.read('ledger', 'Tables')).toThrow('No export named ledger found.');
    expect(() => exports.read('other', 'Brand')).toThrow('No export named other found.');
  });

  it('cannot be removed while another stack imports it', () => {
    set('Brand', {}, ['ledger']);

    expect(() => {
      set('Tables', {});
    }).toThrow('Export ledger cannot be deleted as it is in use by Brand.');
    expect(exports.read('ledger', 'Brand')).toBe('Ledger-1');
  });

  it('cannot change while another stack imports it', () => {
    set('Brand', {}, ['ledger']);

    expect(() => {
      set('Tables', { ledger: 'Ledger-2' });
    }).toThrow('Export ledger cannot be updated as it is in use by Brand.');
  });

  it('can change and be removed once no other stack imports it', () => {
    set('Brand', {}, ['ledger']);
    set('Brand', {});

    set('Tables', { ledger: 'Ledger-2' });
    expect(exports.read('ledger', 'Brand')).toBe('Ledger-2');
    set('Tables', {});
    expect(() => exports.read('ledger', 'Brand')).toThrow('No export named');
  });

  it('belongs to one stack', () => {
    expect(() => {
      set('Brand', { ledger: 'Other' });
    }).toThrow('Export with name ledger is already exported by stack Tables.');
  });
});
