import { describe, expect, it } from 'vitest';
import { evaluateCondition, referencesIn, resolveValue } from '../../template/intrinsics.ts';
import type { Scope } from '../../template/intrinsics.ts';

const scope: Scope = {
  ref: (name) => (name === 'AWS::NoValue' ? undefined : `ref-${name}`),
  importValue: (name) => `imported ${name}`,
  getAtt: (logicalId, attribute) => `${logicalId}/${attribute}`,
  condition: (name) => name === 'Yes',
  localise: (text) => text.replace('https://far', 'http://near'),
};

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
describe('intrinsic functions', () => {
  it.each<[unknown, unknown]>([
    [{ Ref: 'Table' }, 'ref-Table'],
    [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'Table/Arn'],
    [{ 'Fn::GetAtt': 'Table.Stream.Arn' }, 'Table/Stream.Arn'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'B' }, 3]] }, 'a-ref-B-3'],
    [{ 'Fn::Join': ['', ['https://far', '/path']] }, 'http://near/path'],
    [{ 'Fn::Sub': 'x${A}y${B.Arn}z${!C}' }, 'xref-AyB/Arnz${C}'],
    [{ 'Fn::Sub': ['${A}-${V}', { V: { Ref: 'Own' } }] }, 'ref-A-ref-Own'],
    [{ 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    [{ 'Fn::If': ['Yes', 'then', 'else'] }, 'then'],
    [{ 'Fn::If': ['No', 'then', 'else'] }, 'else'],
    [{ keep: 1, drop: { Ref: 'AWS::NoValue' } }, { keep: 1 }],
    [
      [1, { Ref: 'AWS::NoValue' }, 2],
      [1, 2],
    ],
    [
      { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
    ],
    [{ nested: [{ deep: { Ref: 'A' } }] }, { nested: [{ deep: 'ref-A' }] }],
  ])('%j becomes %j', (value, resolved) => {
    expect(resolveValue(value, scope)).toEqual(resolved);
  });

  it('reads what another stack exports', () => {
    expect(resolveValue({ 'Fn::ImportValue': { 'Fn::Sub': 'ledger' } }, scope)).toBe('imported ledger');
  });

  it.each(['Fn::FindInMap', 'Fn::Transform', 'Fn::Base64'])('refuses %s', (name) => {
    expect(() => resolveValue({ [name]: 'x' }, scope)).toThrow(`${name} is not supported locally.`);
  });

  it('finds what a value refers to, at any depth', () => {
    const value = {
      a: { Ref: 'One' },
      b: [
        { 'Fn::GetAtt': ['Two', 'Arn'] },
        { 'Fn::Sub': ['${Three}${Four.Arn}${V}${AWS::Region}', { V: { Ref: 'Five' } }] },
      ],
      c: { 'Fn::Join': ['', [{ Ref: 'Six' }, { Ref: 'AWS::Region' }]] },
    };

    expect(referencesIn(value)).toEqual(['One', 'Two', 'Three', 'Four', 'Five', 'Six']);
  });
});

// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
describe('conditions', () => {
  it.each<[unknown, boolean]>([
    [{ 'Fn::Equals': [{ Ref: 'A' }, 'ref-A'] }, true],
    [{ 'Fn::Equals': ['a', 'b'] }, false],
    [{ 'Fn::Not': [{ Condition: 'Yes' }] }, false],
    [{ 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] }, false],
    [{ 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] }, true],
  ])('%j is %s', (condition, value) => {
    expect(evaluateCondition(condition, scope)).toBe(value);
  });

  it('refuses unknown functions', () => {
    expect(() => evaluateCondition({ 'Fn::Contains': [] }, scope)).toThrow('Fn::Contains');
  });
});
