import type { Closure, Sliced } from './closure';
import { hashOf } from './name-table';
import { isPattern } from './names';
import { Prefixes } from './prefixes';
import { homeOf, homesFor, type Room, roomInList, type RuleForm, type RuleSource } from './rule-list';

/** Closures of one policy. */
export interface Closures {
  readonly roles: Closure;
  readonly classes: Closure;
}

/** Objects as rules write them, and where the rules about each stand: side by side, in the order in which they are written. */
class PlacedObjects {
  readonly numbers = new Map<string, number>();
  /** Of each number: the name and its hash, how many rules are about it, the place of the first. */
  readonly names: string[] = [];
  readonly hashes: number[] = [];
  readonly counts: number[] = [];
  readonly firsts: number[] = [];

  /** One more rule about an object; its number. */
  count(object: string): number {
    const held = this.numbers.get(object);
    if (held !== undefined) {
      this.counts[held]! += 1;
      return held;
    }
    const number = this.counts.length;
    this.numbers.set(object, number);
    this.names.push(object);
    this.hashes.push(hashOf(object));
    this.counts.push(1);
    return number;
  }

  /** Gives the rules of each object the place that its hash tells, or the next free one; where the last of them ends. */
  settle(homes: number): number {
    const { hashes, counts, firsts } = this;
    const begins = new Array<number>(homes + 1).fill(0);
    for (let i = 0; i < hashes.length; i++) begins[homeOf(hashes[i]!, homes) + 1]! += 1;
    for (let home = 0; home < homes; home++) begins[home + 1]! += begins[home]!;
    const inOrder = new Array<number>(hashes.length).fill(0);
    for (let i = 0; i < hashes.length; i++) inOrder[begins[homeOf(hashes[i]!, homes)]!++] = i;
    for (let i = 0; i < hashes.length; i++) firsts.push(0);
    let end = 0;
    for (let at = 0; at < inOrder.length; at++) {
      const i = inOrder[at]!;
      firsts[i] = Math.max(end, homeOf(hashes[i]!, homes));
      end = firsts[i]! + counts[i]!;
    }
    return Math.max(end, homes);
  }
}

/** The action rules of one policy in their places. A rule's number is its place from here on. */
export interface Placed<E> extends Closures {
  readonly form: RuleForm<E>;
  readonly room: Room;
  /** Members that all places take in it. */
  readonly members: number;
  readonly homes: number;
  readonly objects: PlacedObjects;
  /** Subjects as rules write them in the order of their numbers, and by name. */
  readonly subjects: readonly string[];
  readonly numbers: ReadonlyMap<string, number>;
  /** Of each place, the number of its rule's subject. */
  readonly subjectOf: readonly number[];
  readonly objectPrefixes: Prefixes;
  readonly subjectPrefixes: Prefixes;
  /** Whether any rule is about a group of actions, or all. */
  readonly grouped: boolean;
}

/** The action of the rule in a place. */
export const actionIn = ({ form, room }: Pick<Placed<unknown>, 'form' | 'room'>, place: number): string =>
  form.action(room.list, room.at + place * form.width);

/** Rules handled between two places where the work may pause. */
const STRIDE = 256;

/**
 * Puts each rule in a place that the name of its object tells, or soon after: it is then begun to be read together with
 * what says that it is a rule to look at. Behind the last rule there is room for one more, so that whoever reads a place
 * can read the next one too.
 */
export function* placeRules<E>(source: RuleSource<E>, closures: Closures): Sliced<Placed<E>> {
  const { form, count } = source;
  const numbers = new Map<string, number>();
  const objects = new PlacedObjects();
  const subjects: string[] = [];
  const [numberOf, objectOf] = [new Array<number>(count).fill(0), new Array<number>(count).fill(0)];
  let grouped = false;
  for (let i = 0; i < count; i++) {
    const subject = source.subject(i);
    let number = numbers.get(subject);
    if (number === undefined) {
      number = subjects.push(subject) - 1;
      numbers.set(subject, number);
    }
    numberOf[i] = number;
    objectOf[i] = objects.count(source.object(i));
    if (isPattern(source.action(i))) grouped = true;
    if (i % STRIDE === 0) yield;
  }
  const homes = homesFor(count);
  const places = objects.settle(homes);
  yield;
  const members = (places + 1) * form.width;
  const room = roomInList(members);
  const subjectOf = new Array<number>(places).fill(0);
  const next = objects.firsts.slice();
  for (let i = 0; i < count; i++) {
    const place = next[objectOf[i]!]!++;
    source.put(i, room.list, room.at + place * form.width);
    subjectOf[place] = numberOf[i]!;
    if (i % STRIDE === 0) yield;
  }
  const laid = { form, room, members, homes, objects, subjects, numbers, subjectOf, grouped };
  return { ...laid, ...closures, objectPrefixes: prefixesOf(objects.names), subjectPrefixes: prefixesOf(subjects) };
}

function prefixesOf(names: readonly string[]): Prefixes {
  const prefixes = new Prefixes();
  for (let i = 0; i < names.length; i++) prefixes.note(names[i]!);
  return prefixes;
}
