interface Policy {
  readonly bindings?: readonly { readonly role: string; readonly members?: readonly string[]; condition?: unknown }[];
}

/**
 * Tells whether an IAM policy, as gcloud prints it, grants a role to a member unconditionally.
 *
 * @param policy the policy; one without bindings is printed as an object without that field
 */
export function hasBinding(policy: unknown, role: string, member: string): boolean {
  const { bindings = [] } = (policy ?? {}) as Policy;
  return bindings.some(
    (binding) => binding.role === role && binding.condition === undefined && binding.members?.includes(member),
  );
}
