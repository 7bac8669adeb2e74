"""Attacks that other tests of this project try already: the file, the test, and what it is."""

ELSEWHERE: dict[str, dict[str, str]] = {
    "runner/test_trust.py": {
        "an_engine_that_an_agent_has_changed_gets_no_secret": "the action's own files, rewritten",
        "what_an_agent_tells_the_runner_is_not_heard": "GITHUB_ENV, found in /proc",
    },
    "runner/test_pulls.py": {
        "who_may_not_write_brings_no_instructions_where_a_writer_started_it": "pwn requests",
        "a_pull_request_of_a_fork_is_skipped_and_no_agent_runs": "a fork, in a real runner",
    },
    "runner/test_action.py": {
        "a_hostile_spec_arrives_as_text": "a spec full of shell and templates",
        "modules_of_the_repository_are_not_imported": "sitecustomize.py and its like",
        "steps_of_the_job_are_given_no_token_of_the_runner": "ACTIONS_* in a step",
    },
    "test_action_yml.py": {
        "python_never_looks_into_the_checkout_for_modules": "modules of the tree",
        "an_engine_that_an_agent_has_changed_is_not_run_beside_secrets": "one byte of the engine",
        "nothing_is_imported_but_what_is_compared": "a module beside the engine",
        "agents_do_not_get_what_seals_the_state": "the state key",
    },
    "test_host_workflows.py": {
        "what_a_page_shows_has_no_fault": "zizmor and actionlint on every example",
        "an_action_has_the_same_pin_everywhere": "actions that are moved to other code",
    },
    "test_environment.py": {
        "no_provider_brings_in_the_platform_s_tokens": "a prefix that would let tokens in",
        "a_workflow_that_names_it_is_refused": "a workflow that passes ACTIONS_* on",
        "git_gets_nothing_but_what_it_needs": "GIT_* variables",
    },
    "test_templating.py": {
        "values_never_become_templates": "a value that is a template",
        "the_sandbox_refuses": "templates that reach into Python",
        "a_text_without_end_is_refused": "templates that never end",
    },
    "test_redaction.py": {
        "no_form_of_a_random_secret_is_left": "forms of a secret",
        "hostile_text_costs_no_more_than_its_length": "text that makes searching slow",
        "nothing_shown_is_a_workflow_command": "workflow commands",
    },
    "test_installing.py": {
        "npm_runs_without_scripts_away_from_the_repository_and_without_keys": "a .npmrc",
    },
    "test_clis.py": {
        "what_is_installed_on_linux_x64_is_bound_by_a_digest": "a package that was replaced",
    },
    "engine/test_run_hostile.py": {
        "a_process_that_takes_another_mark_is_ended_too": "a process that hides its mark",
        "a_pipe_that_git_would_read_does_not_stop_the_run": "pipes in the tree",
        "a_state_directory_that_came_with_the_repository_is_refused": "a state that was committed",
        "a_workflow_that_an_agent_rewrote_is_not_obeyed_when_the_run_goes_on": "other gates",
    },
    "engine/test_run_attempts.py": {
        "an_output_is_a_plain_file_and_never_what_a_link_leads_to": "an output that is a link",
        "hostile_names_of_items_stay_inside_the_state_directory": "paths by names of items",
        "an_agent_that_rewrites_the_templates_changes_nothing_in_this_run": "templates, rewritten",
        "what_a_gate_prints_is_text_and_never_a_template": "test output as a template",
    },
    "engine/test_homes.py": {
        "a_key_that_an_agent_names_in_the_users_settings_is_not_handed_out": "other keys",
        "what_an_agent_writes_into_the_users_settings_is_not_the_next_ones": "its settings",
    },
    "engine/test_instructions.py": {
        "these_are_instruction_files": "instruction files of six CLIs, at any depth",
        "two_spellings_of_one_name_are_one": "their names in other letters",
        "a_link_of_the_change_makes_nothing_an_instruction": "their names by links",
    },
    "engine/test_transcripts.py": {
        "a_transcript_that_is_a_link_is_not_kept": "a transcript that is a link",
        "an_agent_that_goes_over_to_another_session_without_a_word_is_refused": "another's memory",
    },
    "engine/test_workspace/test_trust.py": {
        "hooks_filters_and_monitors_of_the_checkout_do_not_run": "hooks, filters, monitors",
        "a_nested_repository_goes_in_as_plain_files_and_nothing_of_it_runs": "nested repositories",
        "files_marked_as_unchanged_are_looked_at_all_the_same": "files that git is told to skip",
    },
    "engine/test_workspace/test_checkout.py": {
        "credentials_in_gits_configuration_are_named_and_never_shown": "a token that checkout kept",
        "a_link_in_the_place_of_git_files_is_replaced_and_nothing_behind_it_is_touched": "links",
    },
    "engine/test_workspace/test_swap.py": {
        "nothing_is_removed_through_a_link_that_an_earlier_step_made": "links of before",
        "filters_and_hooks_of_the_checkout_are_not_run": "hooks while files are swapped",
    },
    "engine/test_gates.py": {
        "a_gate_that_prints_without_end_is_kept_at_both_ends": "output without end",
        "what_a_gate_step_writes_is_undone": "gates that write",
    },
    "host/test_outside.py": {
        "what_a_reader_of_the_page_cannot_see_is_not_in_the_prompt": "sixty ways to hide an order",
        "whatever_is_put_together_nothing_hidden_comes_out": "mixtures of these",
        "a_label_cannot_leave_its_line_or_its_quotes": "labels of the fence",
    },
    "host/test_growth.py": {
        "what_is_opened_again_and_again_is_read_in_one_go": "texts that make cleaning slow",
        "what_is_put_together_from_signs_is_read_in_one_go": "mixtures that make it slow",
    },
    "host/test_spec.py": {
        "only_what_writers_said_before_and_nobody_changed_since_is_in_the_thread": "edited ones",
    },
    "host/test_command.py": {
        "what_is_no_command_of_the_writer_is_none": "commands in quotes and code",
    },
    "host/test_policy.py": {
        "no_single_no_is_made_up_for_by_anything_else": "every event, every missing right",
        "a_fork_cannot_date_its_commits_back": "commits with a false date",
        "this_action_does_not_answer_itself_even_where_its_name_is_allowed": "loops",
    },
    "host/test_api.py": {
        "the_token_follows_no_redirect_to_another_host": "redirects with the token",
        "a_login_cannot_lead_to_another_call": "paths in calls",
        "a_comment_of_others_is_not_ours": "a mark in another's comment",
    },
    "host/test_downloads.py": {
        "what_is_not_as_expected_is_refused_and_leaves_nothing": "zip tricks, one by one",
        "an_artifact_is_fetched_without_the_token": "the token at the store of artifacts",
    },
    "host/test_answers.py": {
        "an_artifact_is_ours_only_where_github_says_so": "artifacts of forks, also deleted ones",
    },
    "host/test_publishing_rules.py": {
        "a_path_alone_can_be_a_reason_also_where_it_is_removed": "names, in each spelling",
        "a_mode_can_be_a_reason": "links, submodules, executables",
        "limits_hold_at_their_borders": "too much and too large",
    },
    "host/test_commit_words.py": {
        "a_trailer_cannot_bring_another_one": "trailers",
    },
    "host/test_outputs.py": {
        "no_name_branch_or_reason_breaks_an_output": "delimiters of outputs",
    },
    "system/test_git_push.py": {
        "no_configuration_that_an_agent_could_write_has_a_say": "url.insteadOf, hooks, helpers",
        "another_history_is_not_pushed_though_the_branch_is_where_it_was_expected": "force",
        "the_login_is_in_no_file_and_no_command_line": "the token while it is pushed",
    },
    "system/test_git_fetch.py": {
        "the_login_goes_to_no_other_address": "an address of somebody else",
        "a_redirect_is_not_followed": "a server that leads elsewhere",
    },
    "system/test_private.py": {
        "a_child_cannot_read_the_environment_of_the_engine": "what the kernel was told",
    },
    "travel/test_unpack.py": {
        "a_name_that_no_state_has_is_refused": "paths out of a packed state",
        "what_grows_out_of_all_proportion_is_refused": "bombs",
        "a_frame_of_another_file_with_the_same_key_is_refused": "frames that were swapped",
        "a_header_that_claims_a_seal_does_not_choose_the_way": "a header that lies",
    },
    "travel/test_fuzz.py": {
        "no_packed_state_does_harm": "packed states at random",
    },
    "action/test_deliver.py": {
        "a_bundle_that_was_swapped_is_not_opened": "another bundle under its name",
        "a_branch_that_has_moved_gets_no_push": "a push in between",
        "an_agent_does_not_say_by_which_way_the_token_goes": "a proxy in ~/.gitconfig",
    },
    "action/test_spec.py": {
        "a_spec_that_was_changed_after_it_was_made_is_not_run": "the file of the spec",
    },
}
