{{ typed_object('engagements_tasks', 'tasks') }}
