/** The policies of the AuthZEN working group's scenarios, as bundles of ours. Roles are properties of the directory. */

const editor = { in: ['subject.role', ['admin', 'editor']] };

/** Rick administers, Morty and Summer edit, Beth and Jerry look. */
export const TASKS = {
  rules: [
    'p, user:*, {tenant}, user:*, can_read_user, , allow',
    'p, user:*, {tenant}, todo:*, can_read_todos, , allow',
    'p, user:*, {tenant}, todo:*, can_create_todo, editor, allow',
    'p, user:*, {tenant}, todo:*, can_update_todo, own_or_admin, allow',
    'p, user:*, {tenant}, todo:*, can_delete_todo, own_or_admin, allow',
  ],
  conditions: {
    editor,
    own_or_admin: {
      any: [
        { eq: ['subject.role', 'admin'] },
        { all: [editor, { eq: ['resource.ownerID', { path: 'subject.email' }] }] },
      ],
    },
  },
  attributes: {
    'user.role': { type: 'string' },
    'user.email': { type: 'string' },
    'todo.ownerID': { type: 'string' },
  },
  vocabulary: {
    actions: ['can_read_user', 'can_read_todos', 'can_create_todo', 'can_update_todo', 'can_delete_todo'],
    types: ['user', 'todo'],
  },
};

/** Subject ids of the scenario hold its user's number: `fd0…` to `fd4…`. */
const person = (n: number): string =>
  Buffer.from(`\n$fd${n}614d3-c39a-4781-b7bd-8b96f5a5100d\x12\x05local`).toString('base64');
export const TASK_USERS = [
  { id: person(0), properties: { role: 'admin', email: 'rick@the-citadel.com' } },
  { id: person(1), properties: { role: 'editor', email: 'morty@the-citadel.com' } },
  { id: person(2), properties: { role: 'editor', email: 'summer@the-smiths.com' } },
  { id: person(3), properties: { role: 'viewer', email: 'beth@the-smiths.com' } },
  { id: person(4), properties: { role: 'viewer', email: 'jerry@the-smiths.com' } },
];

/** Route templates hold braces, which no name may: they are told apart by a condition. */
export const GATEWAY = {
  rules: [
    'p, identity:*, {tenant}, route:*, GET, reads, allow',
    'p, identity:*, {tenant}, route:*, POST, creates, allow',
    'p, identity:*, {tenant}, route:*, PUT, changes, allow',
    'p, identity:*, {tenant}, route:*, DELETE, changes, allow',
  ],
  conditions: {
    reads: { in: ['resource.id', ['/users/{userId}', '/todos']] },
    creates: { all: [editor, { eq: ['resource.id', '/todos'] }] },
    changes: { all: [editor, { eq: ['resource.id', '/todos/{todoId}'] }] },
  },
  attributes: { 'identity.role': { type: 'string' } },
  vocabulary: { actions: ['GET', 'POST', 'PUT', 'DELETE'], types: ['identity', 'route'] },
};

const owner = { eq: ['resource.owner', { path: 'subject.id' }] };
const manager = { eq: ['subject.role', 'manager'] };
const sameDepartment = { eq: ['resource.department', { path: 'subject.department' }] };

export const SEARCH = {
  rules: [
    'p, user:*, {tenant}, record:*, view, may_view, allow',
    'p, user:*, {tenant}, record:*, edit, may_edit, allow',
    'p, user:*, {tenant}, record:*, delete, owner, allow',
  ],
  conditions: {
    owner,
    may_view: { any: [owner, manager, sameDepartment] },
    may_edit: { any: [owner, { all: [manager, sameDepartment] }] },
  },
  attributes: {
    'user.role': { type: 'string' },
    'user.department': { type: 'string' },
    'record.owner': { type: 'string' },
    'record.department': { type: 'string' },
  },
  vocabulary: { actions: ['view', 'edit', 'delete'], types: ['user', 'record'] },
};

/** The fixture of the certification scenario: eight decisions, and what searches must find. */
export const CERTIFICATION = {
  rules: [
    'p, user:*, {tenant}, record:*, read, , allow',
    'p, user:alice, {tenant}, record:*, write, , allow',
    'p, user:*, {tenant}, record:*, write, admin_of_archived, allow',
    'p, user:alice, {tenant}, record:*, write, archived_and_no_admin, deny',
    'p, user:alice, {tenant}, record:record-1, delete, soft, allow',
  ],
  conditions: {
    admin_of_archived: { all: [{ eq: ['subject.role', 'admin'] }, { eq: ['resource.status', 'archived'] }] },
    archived_and_no_admin: {
      all: [
        { exists: 'resource.status' },
        { eq: ['resource.status', 'archived'] },
        { not: { all: [{ exists: 'subject.role' }, { eq: ['subject.role', 'admin'] }] } },
      ],
    },
    soft: { eq: ['action./soft', true] },
  },
  attributes: { 'user.role': { type: 'string' }, 'record.status': { type: 'string' } },
  vocabulary: { actions: ['read', 'write', 'delete'], types: ['user', 'record'] },
};
export const CERTIFICATION_DIRECTORY = [
  { type: 'user', id: 'alice' },
  { type: 'user', id: 'bob', properties: { role: 'admin' } },
  { type: 'record', id: 'record-1', properties: { status: 'active' } },
  { type: 'record', id: 'record-2', properties: { status: 'archived' } },
];
